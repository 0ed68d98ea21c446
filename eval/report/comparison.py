"""Two runs side by side: as rows of text, for the terminal and the page."""

from __future__ import annotations

from eval.comparing import Compared, Comparison, Run
from eval.pages.charts import Span, intervals
from eval.pages.rendering import render
from pipeline.formats.plain import clean

Cells = tuple[str, ...]

METRIC_HEAD: Cells = ("metric", "A", "B", "difference", "95 % interval", "over")
CALL_HEAD: Cells = ("call", "A", "B", "difference")


def comparison_page_of(first: Run, second: Run, found: Comparison, most: int) -> str:
    """The page as HTML, with the `most` calls that changed most: the same for the same runs."""
    return render(
        "compare",
        {"A": first.provenance, "B": second.provenance},
        command=found.command,
        first=clean(first.source),
        second=clean(second.source),
        both=len(found.calls),
        given=found.given,
        rows=[metric_cells(one) for one in found.metrics],
        chart=intervals("B minus A", [span for one in found.metrics for span in _span(one)]),
        metric=found.metrics[0].metric,
        calls=changed_calls(found, most),
    )


def metric_cells(one: Compared) -> Cells:
    """A metric under `METRIC_HEAD`."""
    found = one.difference
    rates = (one.metric, _shown(one.first), _shown(one.second))
    if found is None:
        return (*rates, "-", "-", "-")
    interval = f"{found.low:+.4f} to {found.high:+.4f}" if one.is_sure else "-"
    return (*rates, f"{found.difference:+.4f}", interval, f"{found.n} {one.by}")


def changed_calls(found: Comparison, most: int) -> list[Cells]:
    """The calls whose first metric changed most, under `CALL_HEAD`."""
    name = found.metrics[0].metric
    changed = [
        (b - a, key, a, b)
        for key, values in found.calls
        for a, b in [values[name]]
        if a is not None and b is not None and a != b
    ]
    changed.sort(key=lambda row: (-abs(row[0]), row[1]))
    return [
        (clean(", ".join(key)), _shown(a), _shown(b), f"{difference:+.4f}")
        for difference, key, a, b in changed[:most]
    ]


def _span(one: Compared) -> list[Span]:
    found = one.difference
    if found is None:
        return []
    limits = (found.low, found.high) if one.is_sure else (None, None)
    return [Span(one.metric, found.difference, *limits)]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"

"""Scored calls as a page: the rates of a result, and each call's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.comparing import METRICS, Metric, share_of
from eval.counts import Share
from eval.pages.charts import strips
from eval.pages.rendering import render
from pipeline.formats.plain import clean

TITLES = {
    "asr": "Word errors against references",
    "speakers": "Who spoke when, against references",
    "latency": "How late live text comes",
}


def scores_page_of(result: Mapping[str, Any]) -> str:
    """The page of a result of `asr`, `speakers` or `latency`, as HTML: the same for the same result."""
    calls = result["calls"]
    found = {
        metric: [share_of(metric, row, row["call"]) for row in calls] for metric in METRICS[result["command"]]
    }
    found = {metric: shares for metric, shares in found.items() if any(shares)}
    return render(
        "scores",
        result["provenance"],
        title=TITLES[result["command"]],
        given=result["n_given"],
        scored=result["n_scored"],
        rates=[(metric.name, *_rate(shares)) for metric, shares in found.items()],
        delays=_delays(result["total"]),
        chart=strips("Each call", [_strip(metric, shares) for metric, shares in found.items()]),
        metrics=[metric.name for metric in found],
        calls=[
            (clean(row["call"]), [_shown(shares[place]) for shares in found.values()])
            for place, row in enumerate(calls)
        ],
        passed=[*result["skipped"], *result["failed"]],
    )


def _rate(shares: Sequence[Share | None]) -> tuple[str, str]:
    """What all calls have together, and of what it is a share."""
    whole = Share(
        sum(share.part for share in shares if share is not None),
        sum(share.whole for share in shares if share is not None),
    )
    return _shown(whole), f"{whole.part:,.6g} of {whole.whole:,.6g}"


def _strip(metric: Metric, shares: Sequence[Share | None]) -> tuple[str, list[float], float]:
    some = [share for share in shares if share is not None and share.whole]
    whole = sum(share.whole for share in some)
    values = [share.part / share.whole for share in some]
    return metric.name, values, sum(share.part for share in some) / whole if whole else 0.0


def _delays(total: Mapping[str, Any]) -> list[tuple[str, int, list[str]]]:
    """Percentiles of what was timed: its name, how many, and P50, P95 and P99 in seconds."""
    return [
        (
            name.removesuffix("_s").replace("_", " "),
            one["n"],
            [_seconds(one[p]) for p in ("p50", "p95", "p99")],
        )
        for name, one in total.items()
        if isinstance(one, Mapping) and "p50" in one
    ]


def _shown(share: Share | None) -> str:
    return "-" if share is None or not share.whole else f"{share.part / share.whole:.3f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

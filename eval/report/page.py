"""The page of a report on reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from eval.edits.edit import EDIT_CLASSES
from eval.report import charts
from eval.report.causes import cause_lines
from eval.report.charts import SHADES, Part, Point
from eval.reviews.cohorts import CurveDay
from eval.reviews.rates import METRICS
from eval.reviews.report import FUNNEL, CohortReport, counted, percent_with_interval, reached
from eval.stats.clusters import Difference
from eval.stats.drift import CUSUM_LIMIT, Judged

ANCHORS = {
    "associate": "an associate's first draft",
    "rollout": "the rollout at a site",
    "version": "the release of a version",
}

CALENDAR = "day of the data"


def page_of(report: CohortReport) -> str:
    """The page as HTML: the same for the same report."""
    return _template("page.html.j2").render(
        report=report,
        about=about(report),
        verdicts=verdicts(report),
        anchor=ANCHORS[report.wanted.clock],
        key=list(zip(EDIT_CLASSES, SHADES, strict=True)),
        shown=percent_with_interval,
        moved=moved,
        charts=_charts(report),
        drift={
            "nmn": told_alarms(report.nmn_chart),
            "material": told_alarms(report.material_chart),
        },
        metrics=list(METRICS.values()),
        provenance=provenance_lines(report),
    )


def drift_page_of(metric: str, first: date, days: Sequence[Judged]) -> str:
    """The chart of a metric by day as a page of its own; `first` is day 0."""
    title = METRICS[metric].title + " by day"
    return _template("drift.html.j2").render(
        title=title[0].upper() + title[1:],
        first=first.isoformat(),
        told=told_alarms(days),
        chart=_nmn_chart(days) if metric == "nmn" else _material_chart(days),
        alarms=[day for day in days if day.alarm],
    )


def _template(name: str) -> Template:
    loader = PackageLoader("eval", "report")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    ).get_template(name)


def verdicts(report: CohortReport) -> list[str]:
    """What explains the rise, a line a cause; none where it was not asked."""
    if report.attribution is None:
        return []
    return cause_lines(report.attribution, reached(report.of_panel("all"))[-1].window.milestone)


def about(report: CohortReport) -> str:
    """What the data are, in a sentence or two."""
    span = report.span
    told = (
        f"{counted(span.legs, 'leg')} of calls from {span.first.isoformat()} to {span.last.isoformat()},"
        f" by days since {ANCHORS[report.wanted.clock]}."
    )
    if span.before_anchor:
        told += f" {counted(span.before_anchor, 'leg')} before that day, in no window."
    if span.without_anchor:
        told += f" {counted(span.without_anchor, 'leg')} without such a day, in no window."
    return told


def moved(found: Difference | None) -> str:
    """A difference in points, with its interval."""
    if found is None:
        return "-"
    told = f"{found.value * 100:+.1f}"
    if found.interval is None:
        return told
    return f"{told} [{found.interval.low * 100:+.1f}, {found.interval.high * 100:+.1f}]"


def told_alarms(chart: Sequence[Judged]) -> str:
    """How many days alarm, those on which the rate fell apart from those on which it rose, and which."""
    judged = [day for day in chart if day.centre is not None]
    if not judged:
        return "too few days to judge."
    falls = [day.day for day in judged if day.alarm and day.centre is not None and day.value < day.centre]
    rises = [day.day for day in judged if day.alarm and day.day not in falls]
    told = [_told_days(name, days) for name, days in (("fall", falls), ("rise", rises)) if days]
    on = f"on {counted(len(judged), 'day')}"
    return f"{' and '.join(told)} {on}." if told else f"no alarm {on}."


def _told_days(name: str, days: Sequence[int]) -> str:
    shown = ", ".join(map(str, days[:12])) + (" ..." if len(days) > 12 else "")
    return f"{counted(len(days), name)} (day {shown})"


def provenance_lines(report: CohortReport) -> list[tuple[str, str]]:
    """Names and values of what the report was made from and how."""
    wanted = report.wanted
    milestones = ", ".join(map(str, wanted.milestones))
    lines = [("clock", wanted.clock), ("milestones", f"{milestones}; windows of {wanted.window_days} days")]
    return lines + [(name, _flat(value)) for name, value in report.provenance.items()]


def _flat(value: Any) -> str:
    """A value of the provenance in a line: the parts of a mapping by name."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_flat, value))
    return str(value)


def _charts(report: CohortReport) -> Mapping[str, Markup]:
    wanted = report.wanted
    return {
        "curve": charts.rate_chart(
            "NMN rate", _curve_points(report.curve), wanted.milestones, f"days since {ANCHORS[wanted.clock]}"
        ),
        "classes": charts.bars(
            "Edits by class",
            [
                (f"days {cohort.window.first} to {cohort.window.last}", _parts(cohort.classes))
                for cohort in report.of_panel("all")
            ],
        ),
        "sections": charts.bars(
            "Edits by section",
            [
                (f"{name or 'no heading'} ({sum(found.values()):,})", _parts(found))
                for name, found in report.sections.items()
            ],
        ),
        "nmn": _nmn_chart(report.nmn_chart),
        "material": _material_chart(report.material_chart),
        "funnel": charts.funnel("From calls to notes", [Part(name, report.funnel[name]) for name in FUNNEL]),
    }


def _nmn_chart(days: Sequence[Judged]) -> Markup:
    return charts.control_chart("NMN rate by day", _judged_points(days), CALENDAR)


def _material_chart(days: Sequence[Judged]) -> Markup:
    return charts.sum_chart("Rises of material edits", _sum_points(days), CUSUM_LIMIT, CALENDAR)


def _parts(counts: Mapping[str, int]) -> list[Part]:
    return [Part(name, counts.get(name, 0)) for name in EDIT_CLASSES]


def _curve_points(days: Sequence[CurveDay]) -> list[Point]:
    points = []
    for one in days:
        limits = one.rate.interval
        if one.rate.value is not None:
            low, high = (None, None) if limits is None else (limits.low, limits.high)
            points.append(Point(one.day, one.rate.value, low, high))
    return points


def _judged_points(chart: Sequence[Judged]) -> list[Point]:
    return [Point(day.day, day.value, day.low, day.high, day.alarm) for day in chart]


def _sum_points(chart: Sequence[Judged]) -> list[Point]:
    return [Point(day.day, day.statistic, alarm=day.alarm) for day in chart if day.statistic is not None]

"""The page of a report on reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from eval.edits.edit import EDIT_CLASSES
from eval.pages import charts
from eval.pages.charts import SHADES, Part, Point
from eval.pages.rendering import render
from eval.report.causes import cause_lines
from eval.report.edits import class_parts, section_bars
from eval.reviews.cohorts import CurveDay, Panel
from eval.reviews.rates import METRICS
from eval.reviews.report import DRIFT, FUNNEL, CohortReport, counted, flags_of, in_a_table, reached
from eval.stats.clusters import Difference
from eval.stats.drift import CUSUM_LIMIT, Judged, cusum

ANCHORS = {
    "associate": "an associate's first draft",
    "rollout": "the rollout at a site",
    "version": "the release of a version",
}

CALENDAR = "day of the data"

PANEL_TITLES: Mapping[Panel, str] = {
    "all": "All associates",
    "fixed": "Those who saved a note in every window",
}


def page_of(report: CohortReport) -> str:
    """The page as HTML: the same for the same report."""
    return render(
        "cohorts",
        provenance(report),
        report=report,
        about=about(report),
        verdicts=verdicts(report),
        anchor=ANCHORS[report.wanted.clock],
        key=list(zip(EDIT_CLASSES, SHADES, strict=True)),
        shown=in_a_table,
        moved=moved,
        charts=_charts(report),
        panels=PANEL_TITLES,
        flags=flags_of,
        drift={metric: told_alarms(days) for metric, days in report.charts.items()},
        metrics=list(METRICS.values()),
    )


def drift_page_of(metric: str, first: date, days: Sequence[Judged], made_from: Mapping[str, Any]) -> str:
    """The chart of a metric by day as a page of its own; `first` is day 0."""
    title = METRICS[metric].title + " by day"
    return render(
        "drift",
        made_from,
        title=title[0].upper() + title[1:],
        first=first.isoformat(),
        told=told_alarms(days),
        chart=_drift_chart(metric, days),
        alarms=[day for day in days if day.alarm],
    )


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
    if span.without_associate:
        told += f" {counted(span.without_associate, 'leg')} of which nobody knows the associate, in no rate."
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


def provenance(report: CohortReport) -> dict[str, Any]:
    """What the report was made from and how."""
    wanted = report.wanted
    milestones = ", ".join(map(str, wanted.milestones))
    windows = f"{milestones}; windows of {wanted.window_days} days"
    return {"clock": wanted.clock, "milestones": windows, **report.provenance}


def _charts(report: CohortReport) -> Mapping[str, Markup]:
    wanted = report.wanted
    return {
        "curve": charts.rate_chart(
            "NMN rate", _curve_points(report.curve), wanted.milestones, f"days since {ANCHORS[wanted.clock]}"
        ),
        "classes": charts.bars(
            "Edits by class",
            [
                (f"days {cohort.window.first} to {cohort.window.last}", class_parts(cohort.classes))
                for cohort in report.of_panel("all")
            ],
        ),
        "sections": section_bars(report.sections),
        **{metric: _drift_chart(metric, days) for metric, days in report.charts.items()},
        "funnel": charts.funnel("From calls to notes", [Part(name, report.funnel[name]) for name in FUNNEL]),
    }


def _drift_chart(metric: str, days: Sequence[Judged]) -> Markup:
    """The CUSUM of a metric where it has sums, else its p' chart."""
    title = METRICS[metric].title
    if DRIFT[metric] is cusum:
        return charts.sum_chart(f"Rises of edits: {title}", _sum_points(days), CUSUM_LIMIT, CALENDAR)
    return charts.control_chart(f"{title} by day", _judged_points(days), CALENDAR)


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

"""A report on reviews as JSON (`wrapup.eval/1`) and as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from eval.edits.edit import EDIT_CLASSES
from eval.results import SCHEMA
from eval.reviews.rates import METRICS
from eval.reviews.report import CohortReport
from eval.stats.clusters import Rate

COHORT_HEAD = (
    "panel",
    "milestone",
    "first_day",
    "last_day",
    "at_risk",
    "unfinished",
    "metric",
    "successes",
    "trials",
    "associates",
    "rate",
    "low",
    "high",
    "method",
    "df",
    "icc",
    "design_effect",
    "effective_n",
    "flags",
)


def cohort_result(report: CohortReport) -> dict[str, Any]:
    """All of it: counts first, rates last."""
    return {
        "schema": SCHEMA,
        "command": "reviews",
        "headline": report.headline,
        "clock": report.wanted.clock,
        "window_days": report.wanted.window_days,
        "span": {**asdict(report.span), "first": str(report.span.first), "last": str(report.span.last)},
        "cohorts": [
            {
                "panel": cohort.panel,
                **asdict(cohort.window),
                "at_risk": cohort.at_risk,
                "unfinished": cohort.unfinished,
                "counts": dict(cohort.counts),
                "rates": {name: asdict(rate) for name, rate in cohort.rates.items()},
            }
            for cohort in report.cohorts
        ],
        "rises": [asdict(rise) for rise in report.rises],
        "attribution": None if report.attribution is None else asdict(report.attribution),
        "curve": [{"day": one.day, **asdict(one.rate)} for one in report.curve],
        "funnel": dict(report.funnel),
        "sections": {name: dict(counts) for name, counts in report.sections.items()},
        "critical_changes": [
            {"kind": kind, "before": before, "after": after, "notes": often}
            for kind, before, after, often in report.changes
        ],
        "slices": {by: [asdict(one) for one in slices] for by, slices in report.slices.items()},
        "drift": {metric: [asdict(day) for day in days] for metric, days in report.charts.items()},
        "definitions": {metric.name: metric.means for metric in METRICS.values()},
        "classes": list(EDIT_CLASSES),
        "provenance": dict(report.provenance),
    }


def cohort_rows(report: CohortReport) -> Iterator[tuple[object, ...]]:
    """Under `COHORT_HEAD`: a row a panel, window and metric."""
    for cohort in report.cohorts:
        window = cohort.window
        for name, rate in cohort.rates.items():
            yield (
                cohort.panel,
                window.milestone,
                window.first,
                window.last,
                cohort.at_risk,
                cohort.unfinished,
                name,
                *_rate_cells(rate),
            )


def _rate_cells(rate: Rate) -> tuple[object, ...]:
    limits = (None, None, None, None) if rate.interval is None else tuple(asdict(rate.interval).values())
    return (
        rate.successes,
        rate.trials,
        rate.clusters,
        rate.value,
        *limits,
        rate.icc,
        rate.design_effect,
        rate.effective_n,
        " ".join(rate.flags),
    )

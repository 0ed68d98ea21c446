"""All that the report on reviews says, before it is shown: on the terminal, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from eval.reviews import tallies
from eval.reviews.attribution import Attribution, attribute
from eval.reviews.cells import read_cells
from eval.reviews.cohorts import (
    MILESTONES,
    WINDOW_DAYS,
    Cohort,
    CurveDay,
    Panel,
    Window,
    cluster_counts,
    cohorts,
    curve,
    rises,
    windows_of,
)
from eval.reviews.rates import COUNTED, METRICS
from eval.reviews.tallies import CLOCKS, Clock, Span, Tally
from eval.stats.clusters import Difference, Rate
from eval.stats.drift import Day, Judged, cusum, laney
from eval.stats.slices import Slice, compare_slices
from models.errors import ConfigError, InputError

PANELS: tuple[Panel, ...] = ("all", "fixed")
DRIFT: Mapping[str, Callable[[Sequence[Day]], list[Judged]]] = {
    "nmn": laney,
    "material": cusum,
    "severe": cusum,
}
"""By which chart each metric is judged: a rate that is meant to rise, or one that must not."""
FUNNEL = ("eligible", "drafted", "opened", "saved")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is to be about. Raises `ConfigError` for what cannot be."""

    clock: Clock = "associate"
    milestones: tuple[int, ...] = MILESTONES
    window_days: int = WINDOW_DAYS
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check all of it."""
        if self.clock not in CLOCKS:
            raise ConfigError(f"no clock is called {self.clock!r}; there are {', '.join(CLOCKS)}")
        for name in self.by:
            if name not in tallies.SLICED:
                raise ConfigError(f"reviews cannot be sliced by {name!r}; by {', '.join(tallies.SLICED)}")
        windows_of(self.milestones, self.window_days)

    @property
    def windows(self) -> list[Window]:
        """The windows of the milestones."""
        return windows_of(self.milestones, self.window_days)


@dataclass(frozen=True, slots=True)
class Rise:
    """How a metric changed from the first window to a later one."""

    metric: str
    panel: Panel
    milestone: int
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class CohortReport:
    """The report. `provenance` says what it was made from; the same inputs give the same report."""

    wanted: Wanted
    span: Span
    cohorts: tuple[Cohort, ...]
    rises: tuple[Rise, ...]
    curve: tuple[CurveDay, ...]
    funnel: Mapping[str, int]
    sections: Mapping[str, Mapping[str, int]]
    changes: Sequence[tuple[str, str, str, int]]
    slices: Mapping[str, Sequence[Slice]]
    attribution: Attribution | None
    charts: Mapping[str, Sequence[Judged]]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def of_panel(self, panel: Panel) -> list[Cohort]:
        """Its cohorts, by milestone."""
        return [cohort for cohort in self.cohorts if cohort.panel == panel]

    @property
    def headline(self) -> str:
        """The result in a line: of the last milestone that somebody reached, with a saved note around it."""
        told = reached(self.of_panel("all"))
        if not told:
            return f"NMN rate: {self._why_none()}"
        last = told[-1]
        rate, unread = last.rates["nmn"], last.rates["unread"]
        line = (
            f"NMN rate {percent_with_interval(rate)} at day {last.window.milestone},"
            f" {counted(rate.clusters, 'associate')}, {counted(rate.trials, 'note')}"
        )
        if unread.value is not None:
            line += f"; unread at least {unread.value * 100:.0f} %"
            line += f" of {unread.trials:,} that were timed" if unread.trials < rate.trials else ""
        return line

    def _why_none(self) -> str:
        if self.span.without_associate == self.span.legs:
            return "of no leg it is known who took it"
        if any(cohort.at_risk for cohort in self.of_panel("all")):
            return "no note was saved in any of these windows"
        return "nobody has reached these days"


def reached(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Those whose day somebody reached, with a saved note around it."""
    return [cohort for cohort in cohorts if cohort.counts["saved"]]


def flags_of(cohort: Cohort) -> list[str]:
    """What to know before a cohort's rate is read."""
    told: list[str] = list(cohort.rates["nmn"].flags)
    if cohort.unfinished:
        told.append(f"window not over for {cohort.unfinished:,}")
    return told


def counted(number: int, what: str) -> str:
    """A number with what it counts: "1 note", "41,000 notes"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(value: float | None) -> str:
    """A share in percent, or "-" where it is not known."""
    return "-" if value is None else f"{value * 100:.1f} %"


def percent_with_interval(rate: Rate) -> str:
    """A rate and its interval: "82.1 % [80.4, 83.6]"."""
    if rate.value is None:
        return "-"
    if rate.interval is None:
        return f"{percent(rate.value)} [no interval: {counted(rate.clusters, 'associate')}]"
    return f"{percent(rate.value)} [{rate.interval.low * 100:.1f}, {rate.interval.high * 100:.1f}]"


def in_a_table(rate: Rate) -> str:
    """A rate and, where it has one, its interval."""
    return percent_with_interval(rate) if rate.interval is not None else percent(rate.value)


def build(
    connection: duckdb.DuckDBPyConnection, wanted: Wanted, provenance: Mapping[str, Any]
) -> CohortReport:
    """The report on the view `reviews`. Raises `InputError` where it has none."""
    _refuse_none(connection)
    tallies.prepare(connection)
    tally = tallies.tally(connection, wanted.clock)
    windows = wanted.windows
    daily = tallies.calendar_tally(connection)
    found = [cohort for panel in PANELS for cohort in cohorts(tally, windows, panel)]
    return CohortReport(
        wanted=wanted,
        span=tallies.span(connection, wanted.clock),
        cohorts=tuple(found),
        rises=tuple(_rises(tally, windows)),
        curve=tuple(curve(tally, "nmn")),
        funnel=_funnel(daily),
        sections=tallies.section_classes(connection),
        changes=tallies.critical_changes(connection),
        slices={by: _slices(connection, by) for by in wanted.by},
        attribution=_attribution(connection, wanted, [one.window for one in reached(found[: len(windows)])]),
        charts={metric: judge(days_of(daily, metric)) for metric, judge in DRIFT.items()},
        provenance=provenance,
    )


def days_of(daily: Tally, metric: str) -> list[Day]:
    """A metric by day of the calendar."""
    defined = METRICS[metric]
    successes = [COUNTED.index(name) for name in defined.counts]
    trials = COUNTED.index(defined.over)
    return [
        Day(day, int(counts[:, successes].sum()), int(counts[:, trials].sum()))
        for day, counts in sorted(daily.by_day().items())
    ]


def _attribution(
    connection: duckdb.DuckDBPyConnection, wanted: Wanted, windows: Sequence[Window]
) -> Attribution | None:
    """What explains the rise up to the last of these windows; asked on the associates' clock alone."""
    if wanted.clock != "associate" or len(windows) < 2:
        return None
    return attribute(read_cells(connection, windows), windows)


def judged_days(connection: duckdb.DuckDBPyConnection, metric: str) -> tuple[date, list[Judged]]:
    """The first day of the data, and each day of it on the chart of the metric. Raises `InputError`."""
    _refuse_none(connection)
    tallies.prepare(connection)
    days = days_of(tallies.calendar_tally(connection), metric)
    return tallies.span(connection, "associate").first, DRIFT[metric](days)


def _refuse_none(connection: duckdb.DuckDBPyConnection) -> None:
    (count,) = connection.execute("SELECT COUNT(*) FROM reviews").fetchall()
    if not count[0]:
        raise InputError("there are no reviews: nothing to report on")


def _rises(tally: Tally, windows: Sequence[Window]) -> list[Rise]:
    return [
        Rise(metric, panel, window.milestone, found)
        for metric in ("nmn", "material", "severe", "unread")
        for panel in PANELS
        for window, found in zip(windows[1:], rises(tally, windows, metric, panel), strict=True)
    ]


def _slices(connection: duckdb.DuckDBPyConnection, by: str) -> list[Slice]:
    found = tallies.sliced(connection, by)
    return compare_slices({name: cluster_counts(counts, "nmn") for name, counts in found.items()})


def _funnel(daily: Tally) -> dict[str, int]:
    total = daily.counts.sum(axis=0)
    return {name: int(total[COUNTED.index(name)]) for name in FUNNEL}

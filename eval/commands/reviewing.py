"""`wrapup eval reviews` and `wrapup eval drift`: the NMN rate by cohort, and by day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from models.errors import ConfigError
from pipeline.commands import one_line_errors, table_console
from pipeline.formats.plain import clean

if TYPE_CHECKING:
    from eval.reviews.cohorts import Cohort
    from eval.reviews.report import CohortReport
    from eval.reviews.tallies import Clock
    from eval.stats.drift import Judged

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH...]", help="Folders of `wrapup eval import` or `simulate`; else the store."
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result here too, as JSON.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the table here too, as CSV.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report here, one page without scripts.")]


@one_line_errors
def reviews(
    paths: Paths = None,
    clock: Annotated[str, typer.Option(help="Days since what: associate, rollout or version.")] = "associate",
    milestones: Annotated[str, typer.Option(help="Days that windows stand around.")] = "0,30,60",
    window_days: Annotated[int, typer.Option(min=1, help="Days of a window.")] = 7,
    panel: Annotated[str, typer.Option(help="all, fixed (who saved in every window) or both.")] = "both",
    by: Annotated[str, typer.Option(help="Slices: team,queue,site,language,version,length.")] = "",
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """How many notes needed no change, by cohort, for whom, since when, and how sure that is.

    Example: wrapup eval reviews reviews/ --by team,version --html report.html
    """
    from eval.commands.outputs import write_csv
    from eval.commands.sources import open_source
    from eval.report.page import page_of
    from eval.results import write_result
    from eval.reviews.report import Wanted, build
    from eval.reviews.results import COHORT_HEAD, cohort_result, cohort_rows
    from pipeline.sinks.files import write_whole

    if panel not in ("all", "fixed", "both"):
        raise ConfigError(f"--panel is all, fixed or both, not {panel!r}")
    wanted = Wanted(_clock(clock), _days(milestones), window_days, _listed(by))
    with open_source(paths or ()) as found:
        report = build(found.connection, wanted, found.provenance())
    _show(report, panel)
    if json_file is not None:
        write_result(cohort_result(report), json_file)
    if csv_file is not None:
        write_csv(csv_file, COHORT_HEAD, cohort_rows(report))
    if html_file is not None:
        write_whole(html_file, page_of(report))


@one_line_errors
def drift(
    paths: Paths = None,
    metric: Annotated[
        str, typer.Option(help="nmn (Laney p' chart); material, or severe, which is worse too (CUSUM).")
    ] = "nmn",
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """Days on which the rate left its usual range, beside the four weeks before each.

    Example: wrapup eval drift reviews/ --metric material
    """
    from dataclasses import asdict, fields

    from eval.commands.outputs import write_csv
    from eval.commands.sources import open_source
    from eval.report.page import drift_page_of, told_alarms
    from eval.results import SCHEMA, write_result
    from eval.reviews.report import DRIFT, judged_days
    from eval.stats.drift import Judged
    from pipeline.sinks.files import write_whole

    if metric not in DRIFT:
        raise ConfigError(f"--metric is {', '.join(DRIFT)}, not {metric!r}")
    with open_source(paths or ()) as found:
        first, days = judged_days(found.connection, metric)
        provenance = found.provenance()
    console = table_console()
    console.print(_drift_table(days))
    console.print(f"day 0 is {first}; {told_alarms(days)}", soft_wrap=True)
    if json_file is not None:
        result = {
            "schema": SCHEMA,
            "command": "drift",
            "metric": metric,
            "day_0": str(first),
            "days": [asdict(day) for day in days],
            "provenance": provenance,
        }
        write_result(result, json_file)
    if csv_file is not None:
        names = [field.name for field in fields(Judged)]
        write_csv(csv_file, names, ([getattr(day, name) for name in names] for day in days))
    if html_file is not None:
        write_whole(html_file, drift_page_of(metric, first, days, provenance))


def _clock(name: str) -> Clock:
    from eval.reviews.tallies import CLOCKS

    for clock in CLOCKS:
        if clock == name:
            return clock
    raise ConfigError(f"--clock is {', '.join(CLOCKS)}, not {name!r}")


def _days(milestones: str) -> tuple[int, ...]:
    try:
        return tuple(int(each) for each in _listed(milestones))
    except ValueError as error:
        raise ConfigError(f"--milestones are days such as 0,30,60, not {milestones!r}") from error


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _show(report: CohortReport, panel: str) -> None:
    from eval.report.page import about, verdicts
    from eval.reviews.report import PANELS

    console = table_console()
    console.print(report.headline, style="bold", soft_wrap=True, markup=False)
    console.print(about(report), soft_wrap=True, markup=False)
    for one in PANELS:
        if panel in ("both", one):
            console.print(_cohort_table(report.of_panel(one)))
    for line in verdicts(report):
        console.print(line, soft_wrap=True, markup=False)
    for by in report.slices:
        console.print(_slice_table(report, by))


def _cohort_table(cohorts: list[Cohort]) -> Table:
    """Windows side by side."""
    from eval.report.page import PANEL_TITLES
    from eval.reviews.rates import METRICS
    from eval.reviews.report import flags_of, in_a_table

    table = Table(title=PANEL_TITLES[cohorts[0].panel], title_justify="left")
    table.add_column("days")
    for cohort in cohorts:
        table.add_column(f"{cohort.window.first} to {cohort.window.last}", justify="right")
    table.add_row("associates", *(f"{cohort.rates['nmn'].clusters:,}" for cohort in cohorts))
    table.add_row("at risk", *(f"{cohort.at_risk:,}" for cohort in cohorts))
    table.add_row("saved", *(f"{cohort.counts['saved']:,}" for cohort in cohorts), end_section=True)
    for metric in METRICS.values():
        table.add_row(metric.title, *(in_a_table(one.rates[metric.name]) for one in cohorts))
    if any(map(flags_of, cohorts)):
        table.add_section()
        table.add_row("mind", *(",\n".join(flags_of(cohort)) for cohort in cohorts))
    return table


def _slice_table(report: CohortReport, by: str) -> Table:
    from eval.report.page import moved
    from eval.reviews.report import in_a_table

    table = Table(title=f"By {by}: NMN rate, all days", title_justify="left")
    for name in (by, "associates", "notes", "NMN rate", "from the rest", "q", ""):
        table.add_column(name, justify="left" if name in (by, "") else "right")
    for one in report.slices[by]:
        table.add_row(
            Text(clean(one.name)),
            f"{one.rate.clusters:,}",
            f"{one.rate.trials:,}",
            in_a_table(one.rate),
            moved(one.against_rest),
            "not judged" if one.q_value is None else f"{one.q_value:.3f}",
            "differs" if one.differs else "",
        )
    return table


def _drift_table(days: list[Judged]) -> Table:
    table = Table(title="Days that alarm", title_justify="left")
    for name in ("day", "notes", "rate", "usual", "limits", "sum"):
        table.add_column(name, justify="right")
    for day in days:
        if day.alarm:
            limits = "-" if day.low is None or day.high is None else f"{day.low:.1%} to {day.high:.1%}"
            usual = "-" if day.centre is None else f"{day.centre:.1%}"
            total = "-" if day.statistic is None else f"{day.statistic:.1f}"
            table.add_row(str(day.day), f"{day.trials:,}", f"{day.value:.1%}", usual, limits, total)
    return table

"""`wrapup eval compare`: two results of one command, call by call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from eval.commands.shared import Csv, Html, Json, write_files
from pipeline.commands import one_line_errors, table_console

if TYPE_CHECKING:
    from eval.comparing import Comparison


@one_line_errors
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="A --json result.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another of the same command.")],
    calls: Annotated[int, typer.Option(min=0, help="So many calls that changed most are listed.")] = 10,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """What changed from one run to another, over the calls of both: RUN_B minus RUN_A, with 95 % intervals.

    Takes results of asr, speakers, latency, notes and edits (with --calls).

    Example: wrapup eval compare before.json after.json --html compared.html
    """
    from eval import comparing
    from eval.report.comparison import comparison_page_of
    from pipeline.sinks.files import write_whole

    runs = comparing.read_run(first), comparing.read_run(second)
    found = comparing.compare(*runs)
    console = table_console()
    console.print(_table(found))
    if calls:
        console.print(_calls(found, calls))
    given = " and ".join(f"{number:,}" for number in found.given)
    console.print(f"{len(found.calls):,} in both, of {given}", soft_wrap=True)
    write_files(comparing.comparison_result(*runs, found), json_file, csv_file)
    if html_file is not None:
        write_whole(html_file, comparison_page_of(*runs, found, calls))


def _table(found: Comparison) -> Table:
    from eval.report.comparison import METRIC_HEAD, metric_cells

    table = Table(Column(METRIC_HEAD[0], overflow="fold"), title=f"Two runs of {found.command}: B minus A")
    for name in METRIC_HEAD[1:]:
        table.add_column(name, justify="right")
    for one in found.metrics:
        table.add_row(*metric_cells(one))
    return table


def _calls(found: Comparison, most: int) -> Table:
    from eval.report.comparison import CALL_HEAD, changed_calls

    name = found.metrics[0].metric
    table = Table(Column(CALL_HEAD[0], overflow="fold"), title=f"Calls whose {name} changed most")
    for title in CALL_HEAD[1:]:
        table.add_column(title, justify="right")
    for call, *values in changed_calls(found, most):
        table.add_row(Text(call), *values)
    return table

"""`wrapup eval compare`: two results of one command, call by call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from eval.commands.shared import Csv, Json, write_files
from pipeline.commands import one_line_errors, table_console

if TYPE_CHECKING:
    from eval.comparing import Compared, Comparison


@one_line_errors
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="A --json result.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another of the same command.")],
    calls: Annotated[int, typer.Option(min=0, help="So many calls that changed most are listed.")] = 10,
    json_file: Json = None,
    csv_file: Csv = None,
) -> None:
    """What changed from one run to another, over the calls of both: RUN_B minus RUN_A, with 95 % intervals.

    Takes results of asr, speakers, latency, notes and edits (with --calls).

    Example: wrapup eval compare before.json after.json --csv calls.csv
    """
    from eval import comparing

    runs = comparing.read_run(first), comparing.read_run(second)
    found = comparing.compare(*runs)
    console = table_console()
    console.print(_table(found))
    if calls:
        console.print(_calls(found, calls))
    given = " and ".join(map(str, found.given))
    console.print(f"{len(found.calls)} in both, of {given}", soft_wrap=True)
    write_files(comparing.comparison_result(*runs, found), json_file, csv_file)


def _table(found: Comparison) -> Table:
    table = Table(Column("metric", overflow="fold"), title=f"Two runs of {found.command}: B minus A")
    for name in ("A", "B", "difference", "95 % interval", "over"):
        table.add_column(name, justify="right")
    for one in found.metrics:
        table.add_row(one.metric, _shown(one.first), _shown(one.second), *_difference(one))
    return table


def _difference(one: Compared) -> tuple[str, str, str]:
    found = one.difference
    if found is None:
        return "-", "-", "-"
    interval = f"{found.low:+.4f} to {found.high:+.4f}" if one.is_sure else "-"
    return f"{found.difference:+.4f}", interval, f"{found.n} {one.by}"


def _calls(found: Comparison, most: int) -> Table:
    """The calls whose first metric changed most."""
    name = found.metrics[0].metric
    changed = [
        (b - a, key, a, b)
        for key, values in found.calls
        for a, b in [values[name]]
        if a is not None and b is not None and a != b
    ]
    changed.sort(key=lambda row: (-abs(row[0]), row[1]))
    table = Table(Column("call", overflow="fold"), title=f"Calls whose {name} changed most")
    for title in ("A", "B", "difference"):
        table.add_column(title, justify="right")
    for difference, key, a, b in changed[:most]:
        table.add_row(Text(", ".join(key)), _shown(a), _shown(b), f"{difference:+.4f}")
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"

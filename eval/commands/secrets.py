"""`wrapup eval secrets`: spoken secrets and the mask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eval.commands.shared import Json, bar
from pipeline.commands import one_line_errors, table_console


@one_line_errors
def secrets(
    items: Annotated[int, typer.Option(min=0, help="Items of each entity.")] = 3_000,
    entity: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other items.")] = 1,
    generator: Annotated[str, typer.Option(help="first, second or both.")] = "first",
    baseline: Annotated[
        list[str] | None, typer.Option(help="regex, or a redactor such as presidio; may be repeated.")
    ] = None,
    transcripts: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of real transcripts (*.jsonl): what is hidden in vain; may be repeated."),
    ] = None,
    spoken: Annotated[
        int, typer.Option(min=0, help="Instead: so many items spoken by flite and read back by the engine.")
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    examples: Annotated[int, typer.Option(min=0, help="Show so many leaked items of each entity.")] = 0,
    json_file: Json = None,
) -> None:
    """Spoken secrets: what the mask lets through, and what it hides in vain.

    Example: wrapup eval secrets --items 1000 --baseline regex --json secrets.json
    """
    from eval.results import write_result
    from eval.secrets import command, report

    plan = report.Plan(
        items=items,
        seed=seed,
        entities=report.entities_of(entity or ()),
        generators=report.generators_of(generator),
        baselines=tuple(baseline or ()),
        spoken=spoken,
    )
    with bar() as progress:
        measured = command.measure(plan, transcripts or (), jobs, progress)
    table = table_console()
    for each in report.tables_of(measured):
        table.print(each)
    for line in report.lines_of(measured, examples):
        table.print(line, soft_wrap=True, markup=False)
    if json_file is not None:
        write_result(report.secrets_result(plan, measured), json_file)

"""`wrapup eval latency`: how late live text comes."""

from __future__ import annotations

from typing import Annotated

import typer

from eval.commands.shared import Asr, Csv, Html, Json, Paths, bar, close, write_files, write_page
from pipeline.commands import one_line_errors, table_console


@one_line_errors
def latency(
    paths: Paths,
    asr: Asr = None,
    at_once: Annotated[int, typer.Option(min=1, help="Calls at once.")] = 1,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """How late live text comes: each call is played in real time to a server of its own.

    Example: wrapup eval latency recordings/ --at-once 4 --json latency.json
    """
    from eval import results, tables
    from eval.latency import LatencyScores
    from eval.listening import listen
    from eval.runs import Outcome, Source, find
    from pipeline.config import load_config

    found = find(paths, "words", Source())
    outcome = Outcome[LatencyScores].of(found)
    with bar() as progress:
        task = progress.add_task("calls", total=len(found.references))
        config = load_config(asr=asr)
        for reference, scores in listen(config, found.references, at_once, lambda: progress.advance(task)):
            outcome.add(reference, scores)
    total = results.latency_total(outcome.rows)
    console = table_console()
    console.print(tables.latency_table(total))
    for line in [*tables.latency_lines(total), f"{len(outcome.rows)} calls played, {at_once} at once"]:
        console.print(line, soft_wrap=True)
    result = results.latency_result(outcome, at_once)
    write_files(result, json_file, csv_file)
    write_page(result, html_file)
    close(outcome, console)

"""`wrapup eval lessons`: what associates keep changing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from eval.commands.shared import Csv, Html, Json, bar
from pipeline.commands import one_line_errors, table_console

if TYPE_CHECKING:
    from eval.lessons.lessons import Lessons


@one_line_errors
def lessons(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Folders of reviews; else those of the store."),
    ] = None,
    by: Annotated[str, typer.Option(help="Told apart by: section,queue,team.")] = "section",
    least: Annotated[int, typer.Option(min=1, help="Associates who make an edit before it is shown.")] = 3,
    top: Annotated[int, typer.Option(min=1, help="So many are shown here; files have all.")] = 30,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that compare texts.")] = 1,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """What associates keep changing in drafts, most associates first: material for the next prompt.

    From reviews alone that were read and have had a day to be amended. Names, e-mail addresses and numbers of
    four digits or more are hidden in examples, and so is every word that hardly anybody uses.

    Example: wrapup eval lessons reviews/ --by section,queue --json lessons.json --html lessons.html
    """
    from eval.commands.outputs import write_csv
    from eval.commands.sources import open_source
    from eval.lessons.lessons import by_of, draw
    from eval.lessons.page import page_of
    from eval.lessons.reading import consider, read_edits
    from eval.lessons.telling import LESSON_HEAD, considered_lines, lesson_rows, lessons_result
    from eval.results import write_result
    from pipeline.sinks.files import write_whole

    names = by_of(by)
    with open_source(paths or ()) as found:
        considered = consider(found.connection)
        with bar() as progress:
            task = progress.add_task("edits", total=considered.edited)
            reads = read_edits(found.connection, jobs, lambda count: progress.advance(task, count))
            drawn = draw(reads, considered, names, least)
        provenance = found.provenance()
    console = table_console()
    console.print(_table(drawn, top))
    if len(drawn.found) > top:
        console.print(f"{len(drawn.found) - top:,} more in --json, --csv and --html")
    for line in considered_lines(drawn):
        console.print(line, soft_wrap=True)
    if json_file is not None:
        write_result(lessons_result(drawn, provenance), json_file)
    if csv_file is not None:
        write_csv(csv_file, (*names, *LESSON_HEAD), lesson_rows(drawn))
    if html_file is not None:
        write_whole(html_file, page_of(drawn, provenance))


def _table(drawn: Lessons, top: int) -> Table:
    from eval.lessons.telling import what
    from pipeline.formats.plain import clean

    table = Table(title="What associates keep changing")
    for name in (*drawn.by, "what", "associates", "reviews", "opposite", "share", "for example"):
        right = name in ("associates", "reviews", "opposite", "share")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for one in drawn.found[:top]:
        example = next(iter(one.examples), None)
        shown = "" if example is None else "\n-> ".join(filter(None, (example.before, example.after)))
        table.add_row(
            *(Text(clean(value) or "-") for _, value in one.place),
            Text(clean(what(one))),
            f"{one.associates:,}",
            f"{one.reviews:,}",
            f"{one.opposite:,}",
            "-" if one.share is None else f"{one.share:.1%}",
            Text("\n".join(clean(line) for line in shown.split("\n"))),
        )
    return table

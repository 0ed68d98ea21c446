"""`wrapup eval simulate`: reviews whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from pipeline.commands import one_line_errors

TRUTH = "truth.json"


@one_line_errors
def simulate_world(
    world: Annotated[str, typer.Argument(metavar="WORLD", help="model, habit, dropout, lax or bad-version.")],
    out: Annotated[Path, typer.Option(help="Folder of the reviews; what it had of them is replaced.")],
    associates: Annotated[int, typer.Option(min=1, help="How many take part.")] = 700,
    days: Annotated[int, typer.Option(min=1, help="From the first rollout to the end of the data.")] = 90,
    calls_per_day: Annotated[float, typer.Option(help="Calls of an associate, on average.")] = 13.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other reviews.")] = 1,
    together: Annotated[
        bool, typer.Option("--together", help="All start on one day: causes cannot be told apart.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that class edits.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the counts here, as JSON.")] = None,
) -> None:
    """Reviews of a made-up contact center, whose truth is known: to try the other commands on.

    In each world about 25 % of drafts need no change in an associate's first week, 75 % at day 30 and 82 % at
    day 60, for a reason of its own: model (versions get better), habit (associates get used to the notes),
    dropout (those whose drafts fit badly leave), lax (reading ends), bad-version (as model, and one release
    gets facts wrong). What is true is in truth.json beside the reviews, and no command reads it.

    Example: wrapup eval simulate model --associates 60 --days 75 --calls-per-day 3 --out simulated
    """
    from eval.results import write_result
    from eval.worlds.world import World, world_name

    chosen = World(world_name(world), associates, days, calls_per_day, seed, together)
    told = _write(chosen, out, jobs)
    typer.echo(f"{told['reviews']} reviews of the world {world} in {out}; the truth is in {out / TRUTH}")
    if json_file is not None:
        write_result(told, json_file)


def _write(world: Any, out: Path, jobs: int) -> dict[str, Any]:
    from eval.reviews.columns import ReviewWriter
    from eval.worlds.simulate import Truth, simulate, source_of
    from pipeline.sinks.files import write_whole

    truth = Truth(world)
    console = Console(stderr=True)
    with (
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ReviewWriter(out, source_of(world), jobs) as writer,
    ):
        bar = progress.add_task("days", total=world.days)
        for plan, reviews in simulate(world):
            truth.add(plan)
            writer.add(reviews)
            progress.advance(bar)
    document = truth.document()
    write_whole(out / TRUTH, json.dumps(document, indent=2) + "\n")
    return {**source_of(world), "reviews": writer.written}

"""`wrapup eval`: accuracy and latency on any folder with references."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from eval.commands.importing import import_reviews
from eval.commands.reviewing import drift, reviews
from eval.commands.simulating import simulate_world
from models.errors import InputError
from pipeline.commands import BAD_INPUT, one_line_errors, table_console, tell_error

if TYPE_CHECKING:
    from eval.asr import WordScores
    from eval.references import Need, Reference
    from eval.runs import Outcome, Source
    from eval.speakers import SpeakerScores
    from pipeline.formats.call_json import CallDocument

app = typer.Typer(help="Measure accuracy and latency against references.", no_args_is_help=True)

app.command("import")(import_reviews)
app.command()(reviews)
app.command()(drift)
app.command("simulate")(simulate_world)

ScoreT = TypeVar("ScoreT")

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Audio files or folders; references lie beside the audio."),
]
Asr = Annotated[str | None, typer.Option(help="Transcriber; `wrapup doctor` lists them.")]
Diarizer = Annotated[str | None, typer.Option(help="Who speaks on mono calls.")]
Hyp = Annotated[Path | None, typer.Option(help="Score the calls in this folder; nothing is transcribed.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the result here too, as JSON.")]
Against = Annotated[Path | None, typer.Option(help="An earlier --json result to compare WER with, in pairs.")]


@app.command()
@one_line_errors
def asr(
    paths: Paths,
    asr: Asr = None,
    diarizer: Diarizer = None,
    hyp: Hyp = None,
    json_file: Json = None,
    against: Against = None,
) -> None:
    """Word errors: WER, cpWER, and words with the wrong speaker."""
    from eval import results, tables
    from eval.runs import Source

    outcome = _score(paths, "words", Source(asr, diarizer, hyp), _score_words)
    console = table_console()
    console.print(tables.word_table(outcome.rows))
    difference = None if against is None else results.compare(outcome.rows, against)
    if against is not None:
        console.print(tables.difference_line(difference), soft_wrap=True)
    if json_file is not None:
        results.write_result(results.word_result(outcome, difference), json_file)
    _close(outcome, console)


@app.command()
@one_line_errors
def speakers(
    paths: Paths,
    asr: Asr = None,
    diarizer: Diarizer = None,
    hyp: Hyp = None,
    json_file: Json = None,
) -> None:
    """Who spoke when: the diarization error rate, without a collar and with one."""
    from eval import results, tables
    from eval.runs import Source

    outcome = _score(paths, "turns", Source(asr, diarizer, hyp), _score_turns)
    console = table_console()
    console.print(tables.speaker_table(outcome.rows))
    if json_file is not None:
        results.write_result(results.speaker_result(outcome), json_file)
    _close(outcome, console)


@app.command()
@one_line_errors
def latency(
    paths: Paths,
    asr: Asr = None,
    at_once: Annotated[int, typer.Option(min=1, help="Calls at once.")] = 1,
    json_file: Json = None,
) -> None:
    """How late live text comes: each call is played in real time to a server of its own."""
    from eval import results, tables
    from eval.latency import LatencyScores
    from eval.listening import listen
    from eval.runs import Source, find
    from pipeline.config import load_config

    found = find(paths, "words", Source())
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("calls", total=len(found.references))
        config = load_config(asr=asr)
        rows = listen(config, found.references, at_once, lambda: progress.advance(bar))
    total = sum((scores for _, scores in rows), LatencyScores())
    table = table_console()
    table.print(tables.latency_table(total))
    for line in [*tables.latency_lines(total), f"{len(rows)} calls played, {at_once} at once"]:
        table.print(line, soft_wrap=True)
    if json_file is not None:
        results.write_result(results.latency_result(rows, total, at_once), json_file)
    for passed in found.failed:
        tell_error(passed.reason)
    if found.failed:
        raise typer.Exit(BAD_INPUT)


@app.command()
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
    """Spoken secrets: what the mask lets through, and what it hides in vain."""
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
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        measured = command.measure(plan, transcripts or (), jobs, progress)
    table = table_console()
    for each in report.tables_of(measured):
        table.print(each)
    for line in report.lines_of(measured, examples):
        table.print(line, soft_wrap=True, markup=False)
    if json_file is not None:
        write_result(report.secrets_result(plan, measured), json_file)


def _score(
    paths: list[Path], need: Need, source: Source, score: Callable[[Reference, CallDocument], ScoreT]
) -> Outcome[ScoreT]:
    from eval.runs import find, score_all

    found = find(paths, need, source)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("calls", total=len(found.references))
        return score_all(found, source, score, lambda: progress.advance(bar))


def _score_words(reference: Reference, document: CallDocument) -> WordScores:
    from eval.asr import score_words
    from pipeline.formats.call_json import segments_of

    return score_words(reference.segments, segments_of(document), len(document.channels))


def _score_turns(reference: Reference, document: CallDocument) -> SpeakerScores:
    from eval.speakers import score_speakers
    from pipeline.formats.call_json import turns_of

    return score_speakers(reference.segments, turns_of(document), document.duration_s)


def _close(outcome: Outcome[WordScores] | Outcome[SpeakerScores], console: Console) -> None:
    from eval.tables import closing_lines

    for line in closing_lines(outcome):
        console.print(line, soft_wrap=True, markup=False)
    for passed in outcome.failed:
        tell_error(passed.reason)
    if not outcome.rows and not outcome.failed:
        raise InputError("nothing was scored: no file has a reference that this needs")
    if outcome.failed:
        raise typer.Exit(BAD_INPUT)

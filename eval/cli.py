"""`wrapup eval`: how right words, speakers, notes and masks are, and what people do with the drafts."""

from __future__ import annotations

import typer

from eval.commands.asr import asr
from eval.commands.compare import compare
from eval.commands.edits import edits
from eval.commands.importing import import_reviews
from eval.commands.latency import latency
from eval.commands.lessons import lessons
from eval.commands.notes import notes
from eval.commands.reviewing import drift, reviews
from eval.commands.secrets import secrets
from eval.commands.simulating import simulate_world
from eval.commands.speakers import speakers

app = typer.Typer(
    help="Measure words, speakers, notes and delays, and what became of drafts.", no_args_is_help=True
)

app.command("import")(import_reviews)
app.command()(reviews)
app.command()(drift)
app.command()(edits)
app.command()(lessons)
app.command("simulate")(simulate_world)
app.command()(asr)
app.command()(speakers)
app.command()(latency)
app.command()(notes)
app.command()(compare)
app.command()(secrets)

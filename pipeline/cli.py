"""The command `wrapup`."""

from __future__ import annotations

import logging

import typer

from models import registry
from pipeline.commands.compare import compare
from pipeline.commands.doctor import doctor
from pipeline.commands.export import export
from pipeline.commands.keys import keys_app
from pipeline.commands.models import models_app
from pipeline.commands.run import run
from pipeline.commands.serve import serve
from pipeline.commands.show import schema, show
from pipeline.commands.silence import clip, silence
from pipeline.commands.stream import stream
from pipeline.commands.summarize import summarize
from pipeline.commands.worker import worker

app = typer.Typer(
    name="wrapup",
    help="Who said what on a call, and the wrap-up note.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run)
app.command()(summarize)
app.command()(compare)
app.command()(show)
app.command()(schema)
app.command()(export)
app.command()(clip)
app.command()(silence)
app.command()(serve)
app.command()(worker)
app.command()(stream)
app.command()(doctor)
app.add_typer(models_app, name="models")
app.add_typer(keys_app, name="keys")


def main() -> None:
    """Entry point."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    app.add_typer(registry.load("command", "eval"), name="eval")
    app()

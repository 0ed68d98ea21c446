"""Command groups of `wrapup`, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console

from models.errors import WrapupError

BAD_INPUT = 2
"""Exit code of a command that could not use what it was given."""

PLAIN_WIDTH = 160
"""Columns of a table that does not go to a terminal, where there is no width to fit."""

P = ParamSpec("P")
R = TypeVar("R")


def tell_error(message: str) -> None:
    """One line on stderr."""
    typer.echo(f"wrapup: {' '.join(message.split())}", err=True)


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """A command that ends with `BAD_INPUT` and one line on stderr for a `WrapupError`."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except WrapupError as error:
            tell_error(str(error))
            raise typer.Exit(BAD_INPUT) from error

    return wrapped


def table_console() -> Console:
    """Where tables go: standard output, in the terminal's width or a fixed one."""
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)


def in_words(size_bytes: int) -> str:
    """A size as people write it, in powers of ten: "487 MB"."""
    if size_bytes >= 1_000_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{max(1, round(size_bytes / 1e6))} MB"

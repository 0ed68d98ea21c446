"""`wrapup keys`: who may send calls and who may read them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from models.errors import ConfigError
from pipeline.commands import one_line_errors, table_console
from pipeline.config import load_config
from pipeline.web.keys import SCOPES, Scope, add_key, read_keys, remove_key

keys_app = typer.Typer(help="API keys of the server; it reads them when it starts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the key is for; shown in the list.")]


@keys_app.command()
@one_line_errors
def add(
    name: Name,
    scope: Annotated[str, typer.Option(help=f"Any of {','.join(SCOPES)}.")] = "send,read",
    site: Annotated[list[str] | None, typer.Option(help="Only calls of this site; may be repeated.")] = None,
) -> None:
    """Make a key and print it: it is kept nowhere, and shown this once."""
    secret = add_key(load_config().server.keys_file, name, _scopes(scope), tuple(site or ()))
    typer.echo(secret)


@keys_app.command("list")
@one_line_errors
def list_keys() -> None:
    """The keys that there are, without their secrets."""
    table = Table("name", "scopes", "sites", "made")
    for key in read_keys(load_config().server.keys_file):
        table.add_row(key.name, ",".join(key.scopes), ",".join(key.sites) or "all", f"{key.made_at:%Y-%m-%d}")
    table_console().print(table)


@keys_app.command()
@one_line_errors
def remove(name: Name) -> None:
    """Forget a key; a server that runs knows it until it is started again."""
    remove_key(load_config().server.keys_file, name)


def _scopes(text: str) -> tuple[Scope, ...]:
    given = [part.strip() for part in text.split(",")]
    scopes = tuple(scope for scope in SCOPES if scope in given)
    if len(scopes) != len(given):
        raise ConfigError(f"--scope {text}: expected any of {','.join(SCOPES)}")
    return scopes

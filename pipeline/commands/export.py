"""`wrapup export`: what is kept of calls, as JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.config import load_config
from pipeline.sections import StoreSection

if TYPE_CHECKING:
    from pipeline.store.store import Store


@one_line_errors
def export(
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Calls that began then or later; UTC unless it says.")
    ] = None,
    call: Annotated[list[str] | None, typer.Option(metavar="ID", help="This call; may be repeated.")] = None,
) -> None:
    """Print the calls of the store, a JSON object a line, by the time they began."""
    missing = _print_calls(load_config().store, _moment(since), call)
    for call_id in missing:
        tell_error(f"--call {call_id}: no such call" + (" since then" if since else ""))
    if missing:
        raise typer.Exit(BAD_INPUT)


def _print_calls(settings: StoreSection, since: datetime | None, wanted: Sequence[str] | None) -> list[str]:
    """Gives the ids of `wanted` that are not there."""
    missing = list(dict.fromkeys(wanted or ()))
    with closing(existing_store(settings)) as store:
        for found in store.export(since, wanted or None):
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
            if found["call_id"] in missing:
                missing.remove(found["call_id"])
    return missing


def existing_store(settings: StoreSection) -> Store:
    """The store to read from: neither it nor its key is made where there is none. Raises `WrapupError`."""
    # The database's libraries would add most of a second to the start of every other command.
    from pipeline.store.database import file_of
    from pipeline.store.store import Store
    from pipeline.store.vault import open_vault

    file = file_of(settings.url)
    if file is not None and not file.exists():
        raise ConfigError(f"store.url: no database at {file}")
    if settings.encrypt and not settings.key_file.exists():
        raise ConfigError(f"store.key_file: no key at {settings.key_file}")
    return Store.open(settings.url, open_vault(settings.key_file, settings.encrypt))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        example = "2026-03-01 or 2026-03-01T09:30"
        raise ConfigError(f"--since {text}: expected a date such as {example}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""`wrapup models`: which weights there are, fetching them, and where they lie."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from models.catalogue import Embedded, Weights, embedded, find, pullable
from models.download import pull as pull_weights
from models.weights import Installed, find_weights, installed, own_folder, package_version, require_weights
from pipeline.commands import in_words, one_line_errors, table_console

models_app = typer.Typer(help="Weights: list, pull, path.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help='As "wrapup models list" shows it, like faster-whisper:small.en.')]


@models_app.command("list")
@one_line_errors
def list_models(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What is embedded, what is here, and what can be pulled."""
    here = {weights.name: weights for weights in installed()}
    known: tuple[Weights | Embedded, ...] = embedded() + pullable()
    rows = [_row(weights, here.get(weights.name)) for weights in known]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("name", "kind", "languages", "licence", "size", "on this machine", box=None)
    for row in rows:
        licence = f"{row['licence']}{' (gated)' if row['gated'] else ''}"
        languages = ", ".join(row["languages"]) or "any"
        place = f"{row['place']}, {row['source']}" if row["place"] == "package" else row["place"] or "no"
        table.add_row(row["name"], row["kind"], languages, licence, _size(row), place)
    table_console().print(table)


def _row(weights: Weights | Embedded, here: Installed | None) -> dict[str, Any]:
    if isinstance(weights, Embedded):
        version = package_version(weights.distribution) or "not installed"
        source, size_bytes = f"{weights.distribution} {version}", here.size_bytes if here else None
    else:
        source, size_bytes = f"{weights.repository}@{weights.revision}", weights.size_bytes
    return {
        "name": weights.name,
        "kind": weights.kind,
        "languages": list(weights.languages),
        "licence": weights.licence,
        "embedded": isinstance(weights, Embedded),
        "gated": isinstance(weights, Weights) and weights.gated,
        "source": source,
        "size_bytes": size_bytes,
        "about": isinstance(weights, Weights) and weights.about,
        "place": here.place if here else None,
        "path": str(here.path) if here else None,
    }


def _size(row: dict[str, Any]) -> str:
    if row["size_bytes"] is None:
        return "unknown"
    return f"{'about ' if row['about'] else ''}{in_words(row['size_bytes'])}"


@models_app.command()
@one_line_errors
def pull(
    name: Name,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="A mirror's address or a folder, instead of the hub.", metavar="URL|FOLDER"
        ),
    ] = None,
) -> None:
    """Say size and licence, then fetch the weights; a pull that was cut short goes on where it stopped."""
    weights = find(name)
    if isinstance(weights, Embedded):
        typer.echo(f"{name} comes with {weights.distribution}: nothing to pull")
        require_weights(name)
        return
    size = f"{'about ' if weights.about else ''}{in_words(weights.size_bytes)}"
    typer.echo(f"{name}: {size}, licence {weights.licence}")
    typer.echo(f"from {source or 'the hub'}: {weights.repository} at revision {weights.revision[:12]}")
    typer.echo(f"to {own_folder(weights)}")
    here = find_weights(name)
    if here and source is None:
        typer.echo(f"already here: {here}")
        return
    if weights.gated and source is None:
        typer.echo("gated: needs an account that has accepted the publisher's conditions, and its HF_TOKEN")
    path = _pull_with_progress(weights, source) if source else pull_weights(weights)
    typer.echo(f"ready: {path}")


def _pull_with_progress(weights: Weights, source: str) -> Any:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=table_console()) as bars:

        def show(name: str, done_bytes: int, total_bytes: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            bars.update(tasks[name], completed=done_bytes, total=total_bytes)

        return pull_weights(weights, source, show)


@models_app.command()
@one_line_errors
def path(name: Name) -> None:
    """Print the folder of the weights; exit code 2 where they are not on this machine."""
    typer.echo(require_weights(name))

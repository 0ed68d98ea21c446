"""What weights there are: those that `wrapup models pull` can fetch, and those that installed packages carry.

The table is `catalogue.toml` beside this file. A name is "engine:variant"; where an engine takes the variant
as its argument, the name of the weights is also the name of the engine to ask for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files as package_files
from types import MappingProxyType

from models.errors import UnknownEngineError


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights to pull: the files of one repository of the hub, at one revision.

    `size_bytes` is the sum over `files`, to the byte unless `about`. `sha256` holds sums that are known
    beforehand, by file. An empty `languages` means many, or that the language does not matter.
    `gated`: the hub gives the files only to accounts that have accepted the publisher's conditions.
    """

    name: str
    kind: str
    repository: str
    revision: str
    licence: str
    languages: tuple[str, ...]
    size_bytes: int
    files: tuple[str, ...]
    sha256: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    about: bool = False
    gated: bool = False

    @property
    def folder(self) -> str:
        """Where the files lie below a weights folder or a mirror: "faster-whisper/small.en"."""
        return self.name.replace(":", "/")


@dataclass(frozen=True, slots=True)
class Embedded:
    """Weights inside an installed package: `files` in `folder` below the package `module`."""

    name: str
    kind: str
    distribution: str
    module: str
    folder: str
    files: tuple[str, ...]
    licence: str
    languages: tuple[str, ...]


@cache
def _table() -> tuple[tuple[Weights, ...], tuple[Embedded, ...]]:
    text = package_files("models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    for row in rows["pull"] + rows["embedded"]:
        row["files"] = tuple(row["files"])
        row["languages"] = tuple(row["languages"])
    return tuple(Weights(**row) for row in rows["pull"]), tuple(Embedded(**row) for row in rows["embedded"])


def pullable() -> tuple[Weights, ...]:
    """Weights that can be pulled, an engine's smaller ones first."""
    return _table()[0]


def embedded() -> tuple[Embedded, ...]:
    """Weights that come with packages of the base install."""
    return _table()[1]


def find(name: str) -> Weights | Embedded:
    """The row called `name`. Raises `UnknownEngineError` with near names."""
    by_name: dict[str, Weights | Embedded] = {row.name: row for table in _table() for row in table}
    if name not in by_name:
        near = get_close_matches(name, by_name, n=3) or list(by_name)
        raise UnknownEngineError(f"no weights named {name!r}; try one of: {', '.join(near)}")
    return by_name[name]

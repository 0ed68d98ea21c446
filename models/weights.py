"""Weights on this machine: where they live and which are complete. Nothing here touches the network.

Our own folder comes first, then the cache of the hub's library (read only, so that what other programs
fetched need not be fetched again), then the installed packages for embedded weights.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from models.catalogue import Embedded, Weights, embedded, find, pullable
from models.errors import MissingWeightsError, UnknownEngineError

FOLDER_VARIABLE = "WRAPUP_WEIGHTS"

Place = Literal["wrapup", "hub cache", "package"]


@dataclass(frozen=True, slots=True)
class Installed:
    """Weights that are on this machine: `size_bytes` as they lie there, `place` says who put them there."""

    name: str
    kind: str
    path: Path
    place: Place
    size_bytes: int


def weights_folder() -> Path:
    """`WRAPUP_WEIGHTS`, else "wrapup/weights" in the platform's folder for a user's data."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    data_home = os.environ.get("XDG_DATA_HOME")
    if data_home:
        base = Path(data_home)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path.home() / ".local" / "share"
    return base / "wrapup" / "weights"


def own_folder(weights: Weights) -> Path:
    """Where `pull` puts these weights."""
    return weights_folder() / weights.folder


def is_complete(folder: Path, files: Iterable[str]) -> bool:
    """Whether every file is there with something in it."""
    return all((folder / name).is_file() and (folder / name).stat().st_size > 0 for name in files)


def find_weights(name: str) -> Path | None:
    """The folder of the weights called `name`, or None where they are missing, incomplete or unknown."""
    try:
        row = find(name)
    except UnknownEngineError:
        return None
    found = _locate(row)
    return found[0] if found else None


def require_weights(name: str) -> Path:
    """As `find_weights`. Raises `UnknownEngineError` or `MissingWeightsError` with what to do."""
    row = find(name)
    found = _locate(row)
    if found:
        return found[0]
    raise MissingWeightsError(f"the weights {name} are not on this machine: {remedy(name)}")


def remedy(name: str) -> str:
    """What brings the weights called `name`. Raises `UnknownEngineError`."""
    row = find(name)
    if isinstance(row, Embedded):
        return f"install the Python package {row.distribution} again"
    return f"wrapup models pull {name}"


def installed() -> list[Installed]:
    """All weights of the catalogue that are here, embedded ones first."""
    rows: tuple[Weights | Embedded, ...] = embedded() + pullable()
    here = []
    for row in rows:
        found = _locate(row)
        if found:
            path, place = found
            size_bytes = sum((path / name).stat().st_size for name in row.files)
            here.append(Installed(row.name, row.kind, path, place, size_bytes))
    return here


def package_version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _locate(row: Weights | Embedded) -> tuple[Path, Place] | None:
    candidates = _package_folders(row) if isinstance(row, Embedded) else _pulled_folders(row)
    return next(((path, place) for path, place in candidates if is_complete(path, row.files)), None)


def _package_folders(row: Embedded) -> list[tuple[Path, Place]]:
    spec = find_spec(row.module)
    locations = (spec.submodule_search_locations if spec else None) or []
    return [(Path(location) / row.folder, "package") for location in locations]


def _pulled_folders(row: Weights) -> list[tuple[Path, Place]]:
    from huggingface_hub import constants

    # The hub library's own layout: a folder a repository, in it one a revision, and files that name the
    # revision of a branch. What the user's other programs fetched is at "main", which may be newer.
    cached = Path(constants.HF_HUB_CACHE) / f"models--{row.repository.replace('/', '--')}"
    revisions = [row.revision]
    main = cached / "refs" / "main"
    if main.is_file():
        revisions.append(main.read_text(encoding="ascii", errors="replace").strip())
    snapshots = [cached / "snapshots" / revision for revision in revisions]
    return [(own_folder(row), "wrapup"), *((path, "hub cache") for path in snapshots)]

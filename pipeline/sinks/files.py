"""Documents as files: all formats of a call, each written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from models.errors import WrapupError
from pipeline.formats.call_json import CallDocument
from pipeline.formats.writers import WRITERS

PROBE_BYTES = 4_096
"""A full disk takes an empty file; it refuses a block."""


class OutputError(WrapupError):
    """A result could not be stored: which file, and why."""


def probe_folder(folder: Path) -> None:
    """Make the folder, and write a file in it and remove it, as results will be. Raises `OutputError`."""
    temporary = folder / f".wrapup.{os.getpid()}.part"
    try:
        _write(temporary, "x" * PROBE_BYTES)
        temporary.unlink()
    except OSError as error:
        _remove(temporary)
        reason = "not a folder" if isinstance(error, FileExistsError) else error.strerror
        raise OutputError(f"{folder}: results cannot be written there ({reason})") from error


def write_document(document: CallDocument, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write one file a format, `<call_id>.<format>`; gives their paths. Raises `OutputError`.

    Our own JSON comes last: where it is, the others are too, and a run that goes on may skip the call.
    """
    ordered = sorted(formats, key=lambda name: name == "json")
    return [write_whole(folder / f"{document.call_id}.{name}", WRITERS[name](document)) for name in ordered]


def write_whole(path: Path, text: str) -> Path:
    """Write to a temporary name, then rename: a reader never sees half. Raises `OutputError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write(temporary, text)
        temporary.replace(path)
    except OSError as error:
        _remove(temporary)
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)

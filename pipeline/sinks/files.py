"""Documents as files: all formats of a call, each written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from models.errors import WrapupError
from pipeline.formats.call_json import CallDocument
from pipeline.formats.writers import WRITERS


class OutputError(WrapupError):
    """A result could not be stored: which file, and why."""


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
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path

"""Reading and cleaning of plain text, shared by the formats."""

from __future__ import annotations

import math
import re
from pathlib import Path

from models.errors import InputError

_LINE_END = re.compile(r"\r\n|\r|\n")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}\.?[0-9]{0,15}|\.[0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (UTF-16 where a byte order mark says so). Raises `InputError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or 'unknown error'}") from error
    encoding = "utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, found other bytes at byte {error.start}") from error


def lines_of(text: str) -> list[str]:
    """Lines by CR, LF or CR LF; unlike `str.splitlines`, by nothing else, so line numbers match editors."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def clean(text: str) -> str:
    """One line: control characters and lone surrogates become spaces, runs of white space one space."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def token(text: str) -> str:
    """One field of a format that separates by white space: spaces become "_", nothing becomes "_"."""
    joined = clean(text).replace(" ", "_")
    return f"_{joined}" if joined.startswith(";") else joined or "_"


def bad_line(source: str, line: int, expected: str) -> InputError:
    """The error for line number `line`, counted from 1. It names what was expected, not what was read."""
    return InputError(f"{source}, line {line}: expected {expected}")


def number(field: str) -> float | None:
    """A finite decimal number, or None."""
    if _NUMBER.fullmatch(field) is None:
        return None
    value = float(field)
    return value if math.isfinite(value) else None


def channel_of(field: str) -> int | None:
    """A channel counted from 0 for "1", "2" ... or "A", "B" ...; "0" is channel 0 too; else None."""
    if re.fullmatch(r"[0-9]{1,4}", field):
        return max(0, int(field) - 1)
    if re.fullmatch(r"[A-Za-z]", field):
        return ord(field.upper()) - ord("A")
    return None


def channel_field(channel: int | None) -> str:
    """What `channel_of` reads back; a segment without a channel is written as the first."""
    return str((channel or 0) + 1)


def seconds_field(value_s: float) -> str:
    """Seconds with three decimals, never "-0.000"."""
    return f"{round(value_s, 3) + 0.0:.3f}"

"""A file with a site's words: names of products, people and places that transcribers should know."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from models.errors import InputError

MOST_HOTWORDS = 500
LONGEST_HOTWORD = 60


def read_hotwords(path: Path) -> tuple[str, ...]:
    """The hotwords of a UTF-8 file, one word or short phrase a line, in order, each once.

    Empty lines and lines that begin with # are left out; white space becomes single spaces, characters are
    composed (NFC). Raises `InputError` with the line's number.
    """
    found: dict[str, int] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        hotword = unicodedata.normalize("NFC", " ".join(line.split()))
        if fault := _fault(hotword):
            raise InputError(f"{path}, line {number}: {fault}")
        found.setdefault(hotword, number)
        if len(found) > MOST_HOTWORDS:
            raise InputError(f"{path}, line {number}: more than {MOST_HOTWORDS} hotwords")
    return tuple(found)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {number}: not UTF-8; save the file in that encoding") from error


def _fault(hotword: str) -> str | None:
    if len(hotword) > LONGEST_HOTWORD:
        return f"{len(hotword)} characters; a hotword has at most {LONGEST_HOTWORD}"
    if not any(character.isalnum() for character in hotword):
        return "no letter or digit; expected one hotword a line"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in hotword):
        return "a control character; expected one hotword a line"
    return None

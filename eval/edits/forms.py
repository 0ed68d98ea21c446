"""The forms in which two texts may be equal though their characters differ."""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile(r"\r\n|\r|\u2028|\u2029")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_INVISIBLE |= dict.fromkeys(range(0x2066, 0x206A))
_SIGNS = (
    dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u2032\u0060\u00b4"), "'")
    | dict.fromkeys(map(ord, "\u0022\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"), "'")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
    | dict.fromkeys(map(ord, "\u2014\u2015"), " - ")
    | _INVISIBLE
)
_MARKER = re.compile(r"^[^\S\n]*(?:(?:[-*+•·▪◦‣●○–—>]|#{1,6}|\(?[A-Za-z]\))[^\S\n]+)+", re.M)  # noqa: RUF001 (a dash)
_NUMBERED = re.compile(r"^([^\S\n]*)\(?(\d{1,2})[.)][^\S\n]+(?=\S)", re.MULTILINE)
_LONE_DASH = re.compile(r"(?<!\S)-++(?=\s++[^\d$€£¥]|\s*+$)")
_FINAL = re.compile(r"(?<![.!?…;:。！？؟۔])[.!?…;:。！？؟۔]++(?='*+(?:\s|$))")  # noqa: RUF001 (signs of other scripts)


def exact_form(text: str) -> str:
    """NFC, line ends as "\\n", no white space around the text: what makes a draft "unmodified"."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = _LINE_END.sub("\n", text)
    elif "\r" in text:
        text = _LINE_END.sub("\n", text)
    return text.strip()


def without_markers(text: str) -> str:
    """The text in exact form without list and heading markers at the begin of lines, and without emphasis.

    Numerals mark a list only where they count lines from 1, so that a date broken over two lines stays.
    """
    text = _MARKER.sub("", text)
    if "**" in text or "__" in text:
        text = text.replace("**", "").replace("__", "")
    return _without_numerals(text)


def normal_form(text: str) -> str:
    """Without case, kinds of quotes and dashes, final punctuation, and runs of white space.

    `text` is in exact form and without markers; what this gives for a part of it, it gives in the whole.
    """
    text = text.replace('"', "'").lower() if text.isascii() else _folded(text)
    if "-" in text:
        text = _LONE_DASH.sub("", text)
    return " ".join(_FINAL.sub("", text).split())


def plain_signs(text: str) -> str:
    """One kind of quotes and dashes, nothing invisible."""
    return text.replace('"', "'") if text.isascii() else text.translate(_SIGNS)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(_SIGNS).casefold())


def _without_numerals(text: str) -> str:
    marks = list(_NUMBERED.finditer(text))
    if not marks:
        return text
    listed: set[int] = set()
    run: list[int] = []
    for place, mark in enumerate([*marks, None]):
        number = int(mark[2]) if mark else 0
        if run and number == len(run) + 1:
            run.append(place)
            continue
        if len(run) > 1 or (run and _opens(text, marks[run[0]].start())):
            listed.update(run)
        run = [place] if number == 1 else []
    pieces, at = [], 0
    for place in sorted(listed):
        pieces.append(text[at : marks[place].start()])
        at = marks[place].end()
    return "".join([*pieces, text[at:]])


def _opens(text: str, at: int) -> bool:
    """Whether something new begins at `at`: the text, or what follows a full stop, colon or blank line."""
    before = text[max(0, at - 40) : at].rstrip(" \t")
    return not before.strip() or before.endswith("\n\n") or before.rstrip().endswith((".", ":", "!", "?"))

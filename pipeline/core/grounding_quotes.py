"""Words that a note puts in quotation marks: whether who is named said them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.text.tokens import listed
from models.types import Line, Role
from pipeline.core.grounding_call import CallText, words_in

_QUOTE = re.compile(
    r'^(?P<lead>[^"\u201c]*?)'
    r'(?P<who>[^\s"\u201c]+) \w+:? ["\u201c](?P<said>[^"\u201d]+)["\u201d]\W*$'
)
_FILLERS = frozenset(
    listed(
        "um uh uhm er erm hmm mm please okay ok yeah so well and then like oh ah just actually really very"
        " thanks hi hello"
    )
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation: who is named ("" where nobody of the call is), and its words, in normal form."""

    role: Role
    speaker: str
    words: tuple[str, ...]


def quote_in(text: str, call: CallText) -> Quote | None:
    """The quotation that a statement consists of ('Customer said: "..."'), if it is one."""
    match = _QUOTE.match(text)
    if match is None:
        return None
    who = match["who"].casefold()
    speakers = {line.speaker.casefold(): line.speaker for line in call.lines}
    words = tuple(words_in(match["said"]))
    if who in ("agent", "customer"):
        return Quote("agent" if who == "agent" else "customer", "", words) if words else None
    return Quote("unknown", speakers[who], words) if who in speakers and words else None


def said_by(quote: Quote, call: CallText, near: Sequence[int]) -> bool | None:
    """True where the named one said these words in this order, False where only another did, else None."""
    own = [place for place in near if _is_of(quote, call.lines[place])]
    others = [place for place in near if place not in own]
    if _has(quote, call, own):
        return True
    return False if _has(quote, call, others) else None


def _is_of(quote: Quote, line: Line) -> bool:
    if quote.speaker:
        return line.speaker == quote.speaker
    return line.role in (quote.role, "unknown")


def _has(quote: Quote, call: CallText, places: Sequence[int]) -> bool:
    """Whether the words follow one another, with nothing between them but fillers."""
    said = [word for place in places for word in call.words[place]]
    return any(word == quote.words[0] and _follows(quote.words, said, at) for at, word in enumerate(said))


def _follows(words: Sequence[str], said: Sequence[str], at: int) -> bool:
    for word in words:
        while at < len(said) and said[at] != word and said[at] in _FILLERS:
            at += 1
        if at == len(said) or said[at] != word:
            return False
        at += 1
    return True

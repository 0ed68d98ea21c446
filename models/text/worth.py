"""Whether there is anything in a call to summarize, and which of its words were really said.

A call with nothing in it gets a code, never an invented note. The codes hang on the words alone, so that
all summarizers refuse the same calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from models.text.tokens import listed, normal
from models.types import Line, SummaryCode

MIN_WORDS: Final = 12
"""Fewer spoken words than this, in the whole call, are too little for a note."""
MIN_WORDS_OF_A_LANGUAGE: Final = 40
"""Fewer words than this do not show which language they are."""
MIN_COMMON_SHARE: Final = 0.1
"""English talk holds more common words than this; measured calls have 0.4 and more."""

HESITATIONS: Final = frozenset(listed("um uh uhm umm uhh er erm hmm hm mm mhm ah eh huh uh-huh mm-hmm ehm"))
COMMON: Final = frozenset(
    listed(
        "a about after agent agent's all also am an and any are as asked at be because been but by call can"
        " could customer customer's did do does doesn't don't ended for from get go going got has hasn't have"
        " he hello hi how i i'd i'll i'm i've if in is isn't it it's its just may me might my no not now of"
        " okay on one or other our out party please right said she should so some thank thanks that that's"
        " the their theirs them themselves then there these they this those to up us was wasn't we were what"
        " when where which who will with would yes you your"
    )
)
"""English calls are full of them, and so they tell nothing of what a call is about."""

_NOISE: Final = re.compile(
    r"<[^<>]*>|\[(?![A-Z]+(?:_[A-Z]+)*_\d+\])[^\[\]]*\]|(?<!\w)@\w+|https?://\S+|\((?:noise|inaudible|silence"
    r"|music|laughter|crosstalk)\)",
    re.I,
)
_EDGE: Final = re.compile(r"^[^\w$€£\[]+|[^\w\]%$€£]+$")
_CUT_OFF: Final = re.compile(r"\w{1,4}-")


def bare(word: str) -> str:
    """A written word in normal form without punctuation around it; may be empty."""
    return _EDGE.sub("", normal(word))


def party(line: Line) -> str:
    """Who speaks, as far as can be told: the role, or the label where the role is not known."""
    return line.speaker if line.role == "unknown" else line.role


def spoken(line: Line) -> list[str]:
    """Written words of a line without noise marks, hesitations and cut-off words."""
    return [word for word in _NOISE.sub(" ", line.text).split() if _is_word(word)]


def too_little(lines: Sequence[Line], least_words: int = MIN_WORDS) -> SummaryCode | None:
    """Why a call gets no note whoever would write it, or None where there may be something to tell.

    "no_speech": no word. "too_short": fewer than `least_words`. "no_conversation": only one party speaks.
    """
    parties: set[str] = set()
    count = 0
    for line in lines:
        said = len(spoken(line))
        count += said
        if said:
            parties.add(party(line))
    if not count:
        return "no_speech"
    if count < least_words:
        return "too_short"
    return "no_conversation" if len(parties) < 2 else None


def refusal(lines: Sequence[Line]) -> SummaryCode | None:
    """As `too_little`, for summarizers that read English alone: also "unsupported_language", where hardly a
    word of English is among many.
    """
    code = too_little(lines)
    if code is not None:
        return code
    words = [word.lower().strip(".,?!") for line in lines for word in spoken(line)]
    common = sum(word in COMMON for word in words)
    foreign = len(words) >= MIN_WORDS_OF_A_LANGUAGE and common < MIN_COMMON_SHARE * len(words)
    return "unsupported_language" if foreign else None


def _is_word(word: str) -> bool:
    norm = bare(word)
    return (
        bool(norm)
        and norm not in HESITATIONS
        and not word.endswith(("~", "--"))
        and not _CUT_OFF.fullmatch(word)
    )

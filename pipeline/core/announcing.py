"""What a cue announces: the value that follows it, or the one that was said before it.

People say "the security code is 412", and as often "412, that's the security code", in the next breath or by
the other side. A cue refers back where the words before it point ("that's the", "is that your", "on the"),
and where its speaker adds nothing but the name of what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from models.text.digits import FILLERS, look
from models.text.secrets import Cue
from models.text.secrets_values import digits_of
from models.text.secrets_words import ANSWERS, is_answer
from models.text.tokens import listed, normal
from models.types import RATE_HZ
from pipeline.core.naming import DATE_KINDS, Piece

CUE_SAMPLES = 20 * RATE_HZ
CUE_TURNS = 4
"""How long a cue counts after it, or after the last stretch that it announced, in either measure."""
NEAR_WORDS = 4
"""How far after a value that nothing announced a cue may stand, whatever is between: "4111 is the code"."""
FOLLOWS_WORDS = 9
"""The same where the words between say that it is the name of the value."""

SHORT_DIGITS = 8
_SHORT_KINDS = DATE_KINDS | {"card_code", "pin"}
"""Kinds that never have more than `SHORT_DIGITS` digits."""
TAIL_SAMPLES = 8 * RATE_HZ
"""How long before a value the beginnings of it count that were broken off."""

_AROUND = FILLERS | frozenset(
    listed(
        "oh o sorry the my your our his her its a an and so yes in on at by when what you i"
        " that these those this it"
        " which they is was are were for as be being will would have had need do if case know there here"
        " think guess believe asked wanted gave giving down great perfect thank thanks got had mean said"
        " much very there those all right did told from of to"
    )
)
_NAMES = re.compile(r"\b(?:is|was|are|were|be|for|as|need|know|there|those|this|that|mean)\b")
_POINTS = re.compile(
    r"\b(?:that|this|it|those|these|they|which)(?:'s| there)?(?: (?:um|uh))?(?:'s| is| was| are| were| will"
    r"| would)\b"
    r"|\b(?:that|it|this)'s\b|\b(?:is|was|are|were|would) (?:that|this|it|those|these)\b"
    r"|\b(?:i|we) (?:have|had|got)\b|\bi've\b|\bgot\b|\b(?:giving|gave|told) (?:you|me)\b|\bthank(?:s"
    r"| you).* for\b"
)
_LEADS = ("is", "are", "was", "were", "be", "'s")
_ASKS = re.compile(r"\b(?:what|when|which)\b.*\b(?:is|was|are|the|your)\b|\bwhat's\b")


@dataclass(frozen=True, slots=True)
class Topic:
    """What was announced last; `at_samples` and `turn` move along while it is told.

    `channel` is the side that asked for it, None once that side has told it itself.
    """

    kind: str
    strong: bool
    number: int
    at_samples: int
    turn: int
    channel: int | None = None

    def reaches(self, start_samples: int, turn: int) -> bool:
        """Whether it still counts for what begins at this place in this turn."""
        return start_samples - self.at_samples <= CUE_SAMPLES and turn - self.turn <= CUE_TURNS


def told(topic: Topic, piece: Piece) -> Topic:
    """The topic after a piece: it moves along with digits and letters, and who tells it does not ask."""
    asked = None if topic.channel == piece.channel else topic.channel
    if not has_value(piece):
        return replace(topic, channel=asked)
    return replace(topic, at_samples=piece.end_samples, turn=piece.turn, channel=asked)


def names_value_before(texts: Sequence[str], cue: Cue) -> bool:
    """Whether a cue right after a value in its utterance is the name of it.

    `texts` are the words between them: none, or few that say "is" or "for" or "that's".
    """
    if not cue.strong or len(texts) > FOLLOWS_WORDS or not _is_around(texts):
        return False
    return not texts or bool(_NAMES.search(_line(texts)))


def refers_back(texts: Sequence[str], cue: Cue, cues: Sequence[Cue], same_speaker: bool) -> bool:
    """Whether a cue, one of all in an utterance, names what an earlier utterance said."""
    before = texts[: cue.first]
    named = {i for each in cues for i in range(each.first, each.after)}
    after = [text for i, text in enumerate(texts) if i >= cue.after and i not in named]
    if not _is_around(before):
        return False
    line = _line(before)
    points = bool(_POINTS.search(line)) and not _ASKS.search(line)
    leads_on = _line(after).endswith(_LEADS)
    return points or (same_speaker and _is_around(after) and not leads_on and not _ASKS.search(line))


def rename_tail(chain: list[Piece], topic: Topic) -> None:
    """The pieces at the end of a chain are what was announced after them.

    Those that were said in one go are the value; others a few seconds before, where nothing clear announced
    them, are a start of it that was broken off.
    """
    first = len(chain) - 1
    while first > 0 and chain[first].linked:
        first -= 1
    since = chain[first].start_samples - TAIL_SAMPLES
    for i, piece in enumerate(chain):
        long = topic.kind in _SHORT_KINDS and len(digits_of(piece.texts)) > SHORT_DIGITS
        if long or (piece.strong and (piece.direct or i < first)):
            continue
        named = replace(piece, cue=topic.kind, strong=topic.strong, cue_at=topic.number)
        if i >= first:
            chain[i] = replace(named, direct=True, answer=True, asked=True)
        elif piece.end_samples >= since and has_value(piece):
            chain[i] = named


def has_value(piece: Piece) -> bool:
    """Whether a piece says a digit or a letter, so that more of what was announced may follow."""
    return any(seen.kind in ("digit", "one", "letter") for seen in map(look, piece.texts))


def is_plain(texts: Iterable[str]) -> bool:
    """Whether words say nothing but what stands around the value in an answer."""
    return all(ANSWERS.issuperset(look(text).parts) for text in texts)


def is_answer_to(texts: Sequence[str], cues: Sequence[Cue], at: int) -> bool:
    """Whether what follows the last cue before word `at` is nothing but names, numbers and fillers."""
    first = max((cue.after for cue in cues if cue.after <= at), default=0)
    said = texts[first:]
    return is_answer(said, [look(text) for text in said], numbers=True)


def _is_around(texts: Iterable[str]) -> bool:
    return all(_AROUND.issuperset(look(text).parts) for text in texts)


def _line(texts: Iterable[str]) -> str:
    return " ".join(normal(text).strip(".,!?;:") for text in texts)

"""Whether a draft was rewritten: translation edit rate, and the share of its words that were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics.lib_ter import _MAX_SHIFT_CANDIDATES, _shift

TER_LIMIT: Final = 0.60
KEPT_LIMIT: Final = 0.40
LEAST_EDITS: Final = 5
"""Fewer words changed are judged as what they are: one new word in a note of two does not rewrite it."""
LONGEST_TER: Final = 400
"""Words of a text past which the word edit rate, an upper bound, stands for the TER, which takes too long."""
LONGEST_RATE: Final = 20_000
"""Words of a text past which the bag of words alone decides: the word edit rate grows with the square."""

_OP: Final = {"equal": " ", "replace": "s", "insert": "i", "delete": "d"}
"""sacrebleu's signs of an alignment."""


@dataclass(frozen=True, slots=True)
class Rates:
    """`ter`: edits of words and shifts over words of the final; None where bounds decided.

    `kept`: share of the draft's words that the final has too; None for a draft without words.
    """

    is_ter_high: bool
    is_little_kept: bool
    ter: float | None
    kept: float | None


def rates(draft: Sequence[str], final: Sequence[str]) -> Rates:
    """Rates of two texts as rows of words in canonical form."""
    common = (Counter(draft) & Counter(final)).total()
    kept = common / len(draft) if draft else None
    lost = len(draft) - common
    little = kept is not None and kept < KEPT_LIMIT and lost >= LEAST_EDITS
    high, ter = _ter(draft, final, common)
    return Rates(high, little, ter, kept)


def _ter(draft: Sequence[str], final: Sequence[str], common: int) -> tuple[bool, float | None]:
    """Whether the TER reaches its limit, and the TER where the bounds leave that open.

    Each insertion, deletion and substitution changes the bag of words by one, and a shift does not: so words
    that differ as bags bound edits from below. Without shifts the TER is the word edit rate, a bound from
    above; each shift that is found lowers it.
    """
    least = max(len(draft), len(final)) - common
    limit = max(TER_LIMIT * len(final), LEAST_EDITS)
    if least >= limit:
        return True, None
    if max(len(draft), len(final)) > LONGEST_RATE:
        return False, None
    sign = {word: chr(place) for place, word in enumerate(dict.fromkeys((*draft, *final)))}
    search = _Shifts([sign[word] for word in draft], [sign[word] for word in final])
    if max(len(draft), len(final)) <= LONGEST_TER:
        while search.edits >= limit and search.shift():
            pass
    return search.edits >= limit, (search.edits / len(final) if search.is_done and final else None)


class _Shifts:
    """The greedy search for shifts of the TER (Snover et al. 2006), as sacrebleu does it.

    sacrebleu's own edit distance takes about 2 s for two texts of 100 words, so rapidfuzz's stands in for it.
    Where several alignments are as short, the two may choose different ones, and find other shifts.
    """

    def __init__(self, draft: list[str], final: list[str]) -> None:
        self._words, self._final = draft, final
        self._shifts = self._checked = 0
        self._distance = Levenshtein.distance(draft, final)
        self.is_done = False

    @property
    def edits(self) -> int:
        """Shifts and edits so far."""
        return self._shifts + self._distance

    def shift(self) -> bool:
        """Take the best shift; False when none is left, or as many were tried as sacrebleu tries."""
        gain, words, self._checked = _shift(self._words, self._final, self._aligned, self._checked)
        self.is_done = gain <= 0 or self._checked >= _MAX_SHIFT_CANDIDATES
        if not self.is_done:
            self._shifts, self._words = self._shifts + 1, words
            self._distance = Levenshtein.distance(words, self._final)
        return not self.is_done

    def _aligned(self, words: list[str]) -> tuple[int, str]:
        """The distance to the final; the alignment too for the words as they stand, not for those tried."""
        if words is not self._words:
            return Levenshtein.distance(words, self._final), ""
        ops = Levenshtein.opcodes(words, self._final)
        lengths = [max(op.src_end - op.src_start, op.dest_end - op.dest_start) for op in ops]
        return self._distance, "".join(_OP[op.tag] * n for op, n in zip(ops, lengths, strict=True))

"""Whether a draft was rewritten: translation edit rate, and the share of its words that were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics.lib_ter import translation_edit_rate

TER_LIMIT: Final = 0.60
KEPT_LIMIT: Final = 0.40
LEAST_EDITS: Final = 5
"""Fewer words changed are judged as what they are: one new word in a note of two does not rewrite it."""
LONGEST_TER: Final = 400
"""Words of a text past which the word edit rate, an upper bound, stands for the TER, which takes too long."""


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
    that differ as bags bound edits from below. Without shifts the TER is the word edit rate, a bound from above.
    """
    least = max(len(draft), len(final)) - common
    limit = TER_LIMIT * len(final)
    if least >= limit:
        return least >= LEAST_EDITS, None
    most = Levenshtein.distance(draft, final)
    if most < limit or most < LEAST_EDITS:
        return False, None
    if max(len(draft), len(final)) > LONGEST_TER:
        return True, None
    edits, length = translation_edit_rate(list(draft), list(final))
    return edits >= max(limit, LEAST_EDITS), edits / length

"""How far a secret that is said in words reaches: from what shows it to the words that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.text.dates import MONTHS
from models.text.digits import HESITATIONS, Look
from models.text.secrets import find_cues
from models.text.secrets_values import is_ordinal
from models.text.secrets_words import (
    STATES,
    SUFFIXES,
    UNITS_OF_HOUSE,
    address_signs,
    email_signs,
    is_answer,
    is_letter,
    is_name,
    is_place_word,
    joined_by,
    spelled,
)

_NAMED_KINDS = frozenset({"email", "address", "birth_date", "expiry"})
_DATE_KINDS = frozenset({"birth_date", "expiry"})
_PERSONS = frozenset({"i", "we", "you", "he", "she", "they"})
_INSIDE = frozenset({"at", "dot", "underscore", "dash", "hyphen", "period", "point", *HESITATIONS})
_PLACE = SUFFIXES | UNITS_OF_HOUSE | STATES


def named_words(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of words that may belong to an e-mail or postal address, or to the answer to a question.

    More than it turns out to be: names in an utterance that has little else, and after "my address is".
    """
    held = spelled(texts, looks) | email_words(texts, looks)
    for i in address_signs(texts, looks):
        held |= _around(i, lambda k: _in_address(texts, looks, k), len(texts))
    cues = [cue for cue in find_cues(texts) if cue.strong]
    names = {i for i, text in enumerate(texts) if is_name(looks[i], text) and looks[i].kind != "letter"}
    if texts and is_answer(texts, looks):
        held |= names
        held |= {i for i, seen in enumerate(looks) if seen.parts and _PLACE.issuperset(seen.parts)}
        held |= {i for i, seen in enumerate(looks) if _is_month(looks, i) or seen.kind == "letter"}
        held |= joined_by(looks, held)
        held |= {i for i, text in enumerate(texts) if is_letter(looks[i], text) and {i - 1, i + 1} & held}
        if is_letter(looks[-1], texts[-1]):
            held.add(len(texts) - 1)
    for cue in cues:
        if cue.kind in _NAMED_KINDS:
            held |= {
                i for i, seen in enumerate(looks) if i >= cue.after and (i in names or seen.kind == "letter")
            }
        if cue.kind == "address":
            held |= {i for i in range(cue.after, len(looks)) if is_place_word(texts[i], looks[i])}
        if cue.kind == "email":
            held |= {i for i in range(cue.after, len(looks)) if is_letter(looks[i], texts[i])}
        if cue.kind in _DATE_KINDS:
            after = range(cue.after, len(looks))
            held |= {i for i in after if _is_month(looks, i) or is_ordinal(looks[i])}
    return held | joined_by(looks, held)


def email_words(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of the words of e-mail addresses that show by themselves what they are."""
    held: set[int] = set()
    for i in email_signs(texts, looks):
        held |= _around(i, lambda k: _in_email(texts, looks, k), len(texts))
    return held


def cue_words(texts: Sequence[str]) -> set[int]:
    """Indices of the words that announce a secret and are none: "c v v", "sixteen digit card number"."""
    return {i for cue in find_cues(texts) if cue.strong for i in range(cue.first, cue.after)}


def _is_month(looks: Sequence[Look], i: int) -> bool:
    """Whether a word is a month, "may" and "march" too unless a person follows."""
    person = i + 1 < len(looks) and bool(_PERSONS.intersection(looks[i + 1].parts))
    return bool(looks[i].parts) and looks[i].parts[0] in MONTHS and not person


def _around(sign: int, belongs: Callable[[int], bool], count: int) -> set[int]:
    first, after = sign, sign + 1
    while first > 0 and belongs(first - 1):
        first -= 1
    while after < count and belongs(after):
        after += 1
    return set(range(first, after))


def _in_email(texts: Sequence[str], looks: Sequence[Look], i: int) -> bool:
    seen = looks[i]
    if seen.kind in ("digit", "one", "letter"):
        return True
    return is_name(seen, texts[i]) or (bool(seen.parts) and _INSIDE.issuperset(seen.parts))


def _in_address(texts: Sequence[str], looks: Sequence[Look], i: int) -> bool:
    seen = looks[i]
    if seen.kind in ("digit", "one", "letter"):
        return True
    return is_name(seen, texts[i]) or bool(seen.parts and _PLACE.issuperset(seen.parts))

"""How far a secret that is said in words reaches: from what shows it to the words that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.text.dates import MONTHS
from models.text.digits import HESITATIONS, Look
from models.text.secrets import find_cues
from models.text.secrets_words import (
    STATES,
    SUFFIXES,
    UNITS_OF_HOUSE,
    address_signs,
    email_signs,
    is_answer,
    is_before_name,
    is_letter,
    is_name,
    is_ordinal,
    is_place_word,
    joined_by,
    spelled,
)
from models.text.tokens import listed

_NAMED_KINDS = frozenset({"email", "address", "birth_date", "expiry"})
_DATE_KINDS = frozenset({"birth_date", "expiry"})
_QUESTIONS = frozenset(listed("what what's which where when who how"))
_VERBS = frozenset(listed("think guess believe mean have got see say said was am"))
_PERSONS = frozenset({"i", "we", "you", "he", "she", "they"})
_INSIDE = frozenset({"at", "dot", "underscore", "dash", "hyphen", "period", "point", *HESITATIONS})
_NO_DOMAIN = frozenset(listed("our the your my their this that a an us online website site"))
_BEFORE_EMAIL = _NO_DOMAIN - frozenset(listed("the my a")) | frozenset(
    listed(
        "at is was be it these to email emails mail address as under use using have has had called by yes"
        " yeah yep okay ok sure so well would will i'll i'm send sent reach contact please and can could"
        " you go look looking visit check find available"
    )
)
"""Words before an address that are no part of it."""
DOMAIN_WORDS = 5
LOCAL_WORDS = 8
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
    if texts and is_answer(texts, looks, numbers=True):
        held |= _days(looks)
    if texts and is_answer(texts, looks):
        held |= names
        held |= {i for i, seen in enumerate(looks) if seen.parts and _PLACE.issuperset(seen.parts)}
        held |= {i for i, seen in enumerate(looks) if _is_month(looks, i) or seen.kind == "letter"}
        held |= joined_by(looks, held)
        held |= {
            i
            for i, text in enumerate(texts)
            if is_letter(looks[i], text) and {i - 1, i + 1} & held and not _is_person(looks, i)
        }
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
        if cue.kind == "password" and is_answer(texts[cue.after :], looks[cue.after :]):
            held |= {i for i in names if i >= cue.after}
        if cue.kind in _DATE_KINDS:
            held |= _days(looks)
        elif cue.kind in _NAMED_KINDS and _may_be_named(texts, looks, cue.first):
            held |= {i for i in names if i < cue.first}
    held |= {i for i, seen in enumerate(looks) if is_before_name(seen) and i + 1 in held & names}
    return held | joined_by(looks, held)


def email_words(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of the words of e-mail addresses that show by themselves what they are."""
    held: set[int] = set()
    for i in email_signs(texts, looks):
        held |= _around(i, lambda k: _in_email(texts, looks, k), len(texts))
        at = _at_before(looks, i)
        if at is not None:
            held |= set(range(_local_part(texts, looks, at), i + 1))
    return held


def open_names(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of the last words where they may be the beginning of a postal or e-mail address.

    That is a row of names up to the end that follows a number, or that has an "at" or "dot" in it.
    """
    first = len(texts)
    while first > 0 and (is_name(looks[first - 1], texts[first - 1]) or _joins(looks[first - 1])):
        first -= 1
    row = range(first, len(texts))
    numbered = first > 0 and looks[first - 1].kind in ("digit", "one", "mask")
    return set(row) if numbered or any(_joins(looks[i]) for i in row) else set()


def _joins(seen: Look) -> bool:
    return bool(seen.parts) and _INSIDE.issuperset(seen.parts) and not HESITATIONS.issuperset(seen.parts)


def _at_before(looks: Sequence[Look], sign: int) -> int | None:
    """The "at" that a sign of an address belongs to, a few words of a domain before it."""
    for i in range(sign - 1, max(-1, sign - 2 - DOMAIN_WORDS), -1):
        if looks[i].parts == ("at",):
            return i
        if _NO_DOMAIN.intersection(looks[i].parts):
            return None
    return None


def _local_part(texts: Sequence[str], looks: Sequence[Look], at: int) -> int:
    """Where the words before the "at" of an address begin; any word may be in a name that one chooses."""
    first = at
    while first > max(0, at - LOCAL_WORDS):
        before = looks[first - 1].parts
        if not before or _BEFORE_EMAIL.intersection(before) or texts[first - 1].endswith(("?", "!")):
            break
        first -= 1
    return first


def cue_words(texts: Sequence[str]) -> set[int]:
    """Indices of the words that announce a secret and are none: "c v v", "sixteen digit card number"."""
    return {i for cue in find_cues(texts) if cue.strong for i in range(cue.first, cue.after)}


def _may_be_named(texts: Sequence[str], looks: Sequence[Look], cue: int) -> bool:
    """Whether the words before a cue may be what it names, and are no question: "Tulsa is my address"."""
    asks = any(_QUESTIONS.intersection(seen.parts) for seen in looks[:cue])
    return not asks and is_answer(texts[:cue], looks[:cue])


def _days(looks: Sequence[Look]) -> set[int]:
    """Indices of months, and of ordinal numbers that may be a day: not "one second"."""
    return {
        i
        for i, seen in enumerate(looks)
        if _is_month(looks, i) or (is_ordinal(seen) and not _is_moment(looks, i))
    }


def _is_moment(looks: Sequence[Look], i: int) -> bool:
    before = looks[i - 1].parts if i else ()
    return looks[i].parts == ("second",) and before in (("one",), ("1",), ("a",), ("just",), ("couple",))


def _is_person(looks: Sequence[Look], i: int) -> bool:
    """Whether "I" is no letter: "I guess"."""
    after = looks[i + 1].parts if i + 1 < len(looks) else ()
    return looks[i].parts == ("i",) and bool(_VERBS.intersection(after))


def _is_month(looks: Sequence[Look], i: int) -> bool:
    """Whether a word is a month, "may" and "march" too unless a person follows."""
    after = [part for seen in looks[i + 1 : i + 3] for part in seen.parts] + ["", ""]
    person = after[0] in _PERSONS and after[1] not in ("mean", "meant")
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

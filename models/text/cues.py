"""Words after which a secret is to be expected, and how they reach the value that they announce."""

from __future__ import annotations

from collections.abc import Sequence

from models.text.digits import Look
from models.text.tokens import listed

_CUES = frozenset(
    listed(
        "card cards code codes cvv cvvs cvc cv cvb pin pins social ssn account accounts acct routing"
        " aba member membership expiry expiration expires expire expiring exp passcode passcodes"
        " password passwords passphrase otp one-time security verification zip zipcode postcode postal"
        " iban sort license licence passport policy id confirmation reference order tracking phone cell"
        " ending number numbers digits visa mastercard amex debit credit"
    )
)
_STRONG_CUES = _CUES - frozenset(listed("account accounts order phone cell debit credit"))
_EXPIRY_CUES = frozenset(listed("expiry expiration expires expire expiring exp"))
_WORD_CUES = frozenset(listed("password passcode passphrase"))
_LINKS = frozenset(listed("is was are it's its that's number numbers digits ends ending equals"))
_GLUE = _LINKS | frozenset(
    listed("in and the of my your um uh a like so on date yes okay please same actually")
)
_NO_VALUES = frozenset(
    listed(
        "not working wrong incorrect expired reset being the a an my your required no going right"
        " correct invalid locked blocked changed forgotten lost stolen compromised case that this it i"
        " you we what for to in on at and or but so because when if still now too very same different"
        " new old important needed used set been"
    )
)

_REACH = 5
"""How many linking words may stand between a cue and a number that would else stay readable."""


def is_cue(seen: Look) -> bool:
    """Whether a word announces a secret: "card", "PIN", "security"."""
    return bool(_CUES.intersection(seen.parts))


def is_governed(texts: Sequence[str], looks: Sequence[Look], first: int, expires: bool) -> bool:
    """Whether a cue and a link ("code is", "card ending in") lead straight to word `first`.

    `expires`: the word begins a date, which a cue of expiry governs without a link.
    """
    linked = False
    for i in range(first - 1, max(-1, first - 2 - _REACH), -1):
        parts = set(looks[i].parts)
        linked = linked or is_link(texts[i], looks[i])
        if (linked and parts & _STRONG_CUES) or (expires and parts & _EXPIRY_CUES):
            return True
        if not parts <= _GLUE:
            return False
    return False


def said_values(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of words and letters that are values: "my password is bluebird", "the code is x y z"."""
    values: set[int] = set()
    for cue, seen in enumerate(looks):
        if not is_cue(seen):
            continue
        at, linked = cue + 1, texts[cue].endswith(":") or is_link(texts[cue], seen)
        while at < len(looks) and looks[at].kind != "mask" and _GLUE.issuperset(looks[at].parts):
            linked = linked or is_link(texts[at], looks[at])
            at += 1
        if linked and at < len(looks):
            values.update(_value_at(looks, at, words=bool(_WORD_CUES.intersection(seen.parts))))
    return values


def _value_at(looks: Sequence[Look], at: int, words: bool) -> list[int]:
    """The word at `at`, where a word can be the value, and the letters from there."""
    values = []
    if words and looks[at].kind == "other" and not _NO_VALUES.intersection(looks[at].parts):
        values.append(at)
        at += 1
    while at < len(looks) and looks[at].kind == "letter":
        values.append(at)
        at += 1
    return values


def is_link(text: str, seen: Look) -> bool:
    """Whether a word links a cue to its value: "is", "ending", "code's"."""
    return bool(_LINKS.intersection(seen.parts)) or text.endswith(("'s", "\u2019s"))

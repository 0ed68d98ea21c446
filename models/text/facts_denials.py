"""Negations of a text and what each of them denies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.text.facts_words import NEGATORS, PRONOUNS, may_be_denied, polar
from models.text.tokens import Token, listed, norm_at

_BEFORE_TO = frozenset(listed("refused refuses refuse declined declines decline failed fails fail unable"))
_IDLE_NO = frozenset(listed("problem problems worries worry doubt matter one"))
_IDLE_NOT = frozenset(listed("only just sure"))
_BOUNDS = frozenset(listed(", ; : . ? ! but because so if when while unless although though whereas …"))
_SUBJECTS = PRONOUNS | frozenset(listed("the a an there customer agent bank"))
_ABLE = frozenset(listed("can could can't cannot couldn't cant couldnt unable"))
_REACH = 9
"""Words after a negation that it may deny, where no bound comes first."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A negation at token `at`; `scope` are the stems that it denies, the first of them above all.

    `places` are their tokens; `able`: it is a "cannot", which wishes do not contradict.
    """

    at: int
    scope: tuple[str, ...]
    places: tuple[int, ...]
    able: bool = False

    @property
    def head(self) -> str:
        """What is denied above all, or nothing."""
        return self.scope[0] if self.scope else ""


def find_denials(tokens: Sequence[Token]) -> list[Denial]:
    """Negations in order. An answer ("No, ...") and turns of speech ("no problem") deny nothing here."""
    found = []
    for i in range(len(tokens)):
        if negates(tokens, i):
            places = _reach(tokens, i)
            scope = dict.fromkeys(polar(tokens[at]) for at in places if may_be_denied(tokens[at]))
            found.append(Denial(i, tuple(scope), tuple(places), _able(tokens, i)))
    return found


def negates(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` is a negation."""
    norm, then = norm_at(tokens, i), norm_at(tokens, i + 1)
    if norm in _BEFORE_TO:
        return then == "to"
    if norm not in NEGATORS:
        return False
    if norm == "no":
        return not is_answer(tokens, i) and then not in _IDLE_NO
    return not (norm == "not" and then in _IDLE_NOT and norm_at(tokens, i - 1) not in ("do", "does", "did"))


def is_answer(tokens: Sequence[Token], i: int) -> bool:
    """Whether "no" at token `i` answers a question, and so stands outside the sentence."""
    then = norm_at(tokens, i + 1)
    opens = i == 0 or norm_at(tokens, i - 1) in _BOUNDS or norm_at(tokens, i - 1) in ("no", "oh", "well")
    return opens and (
        then in _BOUNDS
        or then in PRONOUNS
        or then in ("", "-", "no", "thank", "thanks", "there", "not", "and")
    )


def _able(tokens: Sequence[Token], i: int) -> bool:
    return {norm_at(tokens, i), norm_at(tokens, i - 1)} & _ABLE != set()


def _reach(tokens: Sequence[Token], i: int) -> range:
    """The tokens that a negation at token `i` may deny."""
    after = i + 1
    while after < min(i + 1 + _REACH, len(tokens)):
        norm = tokens[after].norm
        if norm in _BOUNDS or (norm == "and" and norm_at(tokens, after + 1) in _SUBJECTS):
            break
        after += 1
    return range(i + 1, after)

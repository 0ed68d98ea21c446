"""A text as a row of words that can be laid beside another telling of the same.

Who speaks, tenses of "be" and "have", and small words change when somebody else tells a thing; the other
words around a value mostly stay. A strand has each word in one form, people as "@", values in their canonical
form and negations apart from the words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.text.facts import Counted, Fact, find_values
from models.text.facts_clauses import opens_question
from models.text.facts_denials import is_answer
from models.text.facts_names import without_masks
from models.text.facts_words import STOP, stem
from models.text.money import Money
from models.text.tokens import Token, listed, norm_at, spoken_tokens

Person = Literal["", "first", "second", "agent", "customer", "other"]

_MOST = 6
"""Words on one side of a value that may agree; further ones say little of it."""
PERSON = "@"
VALUE = "#"
END = "|"
"""Stands between sentences and equals nothing."""

_DROPPED = frozenset(
    listed(
        "a an the um uh uhm er erm hmm mm please just actually really also so well oh very quite"
        " do does did have has had 'll 're 've gladly already now hi hello hey thank thanks my your our their"
        " his its"
    )
)
_BE = frozenset(listed("am is are was were be been being 's 'm"))
_PERSONS: tuple[tuple[Person, str], ...] = (
    ("first", "i we"),
    ("second", "you"),
    ("agent", "agent representative advisor adviser associate rep"),
    ("customer", "customer caller client cardholder"),
    ("other", "me mine myself us ours ourselves yours yourself they them theirs themselves"),
    ("other", "he him she her hers himself herself"),
)
_PEOPLE = {word: person for person, words in _PERSONS for word in listed(words)}
_TAILS = (("n't", ""), ("'ll", "will"), ("'re", "be"), ("'ve", "have"), ("'m", "be"), ("'d", "would"))
_WHOLE = {"won't": "will", "can't": "can", "cannot": "can", "shan't": "will", "ain't": "be"}
_WHOLE |= {"dont": "do", "doesnt": "do", "didnt": "do", "cant": "can", "wont": "will", "isnt": "be"}
_ENDS = frozenset(listed(". ? ! ;"))
_SAYS = frozenset(listed("said says stated replied"))
_NOT = frozenset(listed("not never"))
_S_IS = frozenset(listed("it that there he she what who where how here let"))


@dataclass(frozen=True, slots=True)
class Strand:
    """Words in order, and the first character of each.

    `denied` are those before which a negation stands, `asked` those of questions. `people` says of each "@"
    who it is, where it stands as a subject: the speaker or those with them ("first"), who is spoken to
    ("second"), or a role by its name. Objects are "other"; possessives are left out, like articles.
    """

    words: tuple[str, ...]
    starts: tuple[int, ...]
    people: tuple[Person, ...]
    denied: frozenset[int]
    asked: frozenset[int] = frozenset()

    def between(self, start: int, end: int) -> tuple[int, int]:
        """The words that begin in these characters: [first, after)."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


class _Winding:
    """A strand in the making."""

    def __init__(self) -> None:
        self._words: list[tuple[str, int, Person]] = []
        self._denied: set[int] = set()
        self._asked: set[int] = set()
        self._sentence = 0

    def add(self, word: str, start: int, owner: bool = False) -> None:
        """One word in normal form, if it is of those that stay; `owner`: it has a possessive 's."""
        person = _PEOPLE.get(word, "")
        if person and owner:
            return
        if person:
            word = PERSON
        elif word in _BE:
            word = "be"
        elif word in _DROPPED:
            return
        else:
            word = "go" if word == "going" else stem(word)
        self._words.append((word, start, person))

    def value(self, fact: Fact) -> None:
        """An amount, date, time or number as one word, however it was said."""
        said: object = fact.value
        if isinstance(said, Counted):
            said = said.number.value
        elif isinstance(said, Money):
            said = said.amount
        self._words.append((f"{VALUE}{said}", fact.start, ""))

    def drop(self) -> None:
        """The word before was of a turn of speech ("you know")."""
        self._words.pop()

    def deny(self) -> None:
        """A negation stands before the next word."""
        self._denied.add(len(self._words))

    def end(self, start: int, asked: bool) -> None:
        """A sentence is over."""
        if asked:
            self._asked.update(range(self._sentence, len(self._words) + 1))
        if start >= 0:
            self._words.append((END, start, ""))
        self._sentence = len(self._words)

    def strand(self) -> Strand:
        """All words so far."""
        return Strand(
            tuple(word for word, _, _ in self._words),
            tuple(start for _, start, _ in self._words),
            tuple(person for _, _, person in self._words),
            frozenset(self._denied),
            frozenset(self._asked),
        )


def strand_of(text: str) -> Strand:
    """The strand of a text."""
    tokens = spoken_tokens(without_masks(text))
    values = {fact.start: fact for fact in find_values(text) if fact.end > fact.start}
    winding = _Winding()
    opened = over = 0
    for i, token in enumerate(tokens):
        if token.start in values:
            winding.value(values[token.start])
            over = values[token.start].end
        elif token.start < over:
            continue
        elif token.norm in _ENDS or (token.norm in _SAYS and norm_at(tokens, i - 1) in _PEOPLE):
            winding.end(token.start, token.norm == "?" or opens_question(tokens[opened:i]))
            opened = i + 1
        elif token.kind != "punct":
            _wind(winding, tokens, i, token)
    winding.end(-1, opens_question(tokens[opened:]))
    return winding.strand()


def _wind(winding: _Winding, tokens: Sequence[Token], i: int, token: Token) -> None:
    """Takes up one word: what it denies, and the verb in its tail ("I'll", "don't")."""
    norm = token.norm
    if norm in _NOT or (norm == "no" and not is_answer(tokens, i)):
        winding.deny()
        return
    if norm == "know" and norm_at(tokens, i - 1) == "you" and norm_at(tokens, i + 1) == ",":
        winding.drop()
        return
    if norm in _WHOLE:
        winding.add(_WHOLE[norm], token.start)
        winding.deny()
        return
    if norm == "gonna":
        winding.add("go", token.start)
        winding.add("to", token.start)
        return
    for tail, word in _TAILS:
        if norm.endswith(tail) and len(norm) > len(tail):
            winding.add(norm.removesuffix(tail), token.start)
            if word:
                winding.add(word, token.start)
            else:
                winding.deny()
            return
    if norm.endswith("'s"):
        winding.add(norm.removesuffix("'s"), token.start, owner=True)
        if norm.removesuffix("'s") in _S_IS:
            winding.add("be", token.start)
        return
    winding.add(norm, token.start)


def run_of(one: Strand, at: int, other: Strand, there: int, step: int, slack: int = 1) -> float:
    """How far two strands agree from these words on, forwards (1) or backwards (-1), over six words at most.

    Words that carry meaning count 1, others a half; `slack` words may be left over on either side.
    """
    score = 0.0
    for _ in range(_MOST):
        a, b = _word(one, at), _word(other, there)
        if a in ("", END) or b in ("", END):
            break
        if a != b:
            if not slack or not score:
                break
            slack -= 1
            if _word(one, at + step) == b:
                at += step
            elif _word(other, there + step) == a:
                there += step
            else:
                break
        score += weight_of(_word(one, at))
        at, there = at + step, there + step
    return score


def weight_of(word: str) -> float:
    """1 for a word that carries meaning, a half for the others."""
    return 0.5 if word in STOP or word in (PERSON, "be") or len(word) < 2 else 1.0


def ends_at(strand: Strand, at: int) -> bool:
    """Whether the strand, or a sentence of it, is over at this word."""
    return _word(strand, at) in ("", END)


def _word(strand: Strand, at: int) -> str:
    return strand.words[at] if 0 <= at < len(strand.words) else ""

"""What a talk is about when nobody's role in it is known: no cue says who acts for whom, so words have to.

A passage is worth what its words tell that the note does not tell yet. Names and words that both sides use
weigh more, everyday words less; an opening, an ending, a request and a promise more, what is said of the
listener less. The best passage is taken, then the best beside it, until the note has its length: the greedy
rule for covering most within a budget (Lin and Bilmes 2010). Each round is linear in the words of the talk.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from models.summarizers import cues
from models.summarizers.choose import content_words, stems
from models.summarizers.clauses import Clause
from models.summarizers.wordlists import EVERYDAY
from models.text.worth import COMMON

MAX_PASSAGES: Final = 9
_MIN_PASSAGE_WORDS: Final = 30
"""Where there is less room than this, a passage is one sentence, which can be told in the third person."""
_FRAME_WORDS: Final = 2
"""Words that a statement adds: who, and said."""
_SECOND_PERSON: Final = re.compile(r"\byou")
MAX_SENTENCE_WORDS: Final = 45
"""A longer sentence is cut."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How passages are weighed; tuned on the halves "dev" of `benchmarks.summaries`.

    `share`, `at_least`, `at_most`: words of the note, by words of the talk; `over`: how much of that the last
    passage may exceed it. Then factors of a word's weight, and natural logarithms of factors of a passage's.
    """

    share: float = 0.38
    at_least: int = 30
    at_most: int = 360
    over: float = 0.2
    name: float = 1.8
    shared: float = 1.7
    everyday: float = 0.2
    repeated: float = 0.0
    opening: float = 1.1
    opening_turns: float = 2.0
    ending: float = 0.5
    courtesy: float = -0.6
    short: float = -0.3
    request: float = 0.3
    promise: float = 0.4
    listener: float = -0.4
    number: float = 0.2
    length: float = -0.1


@dataclass(frozen=True, slots=True)
class Passage:
    """Clauses of one turn that follow each other, their words that carry meaning, and what it is worth."""

    clauses: tuple[Clause, ...]
    words: frozenset[str]
    worth: float

    @property
    def length(self) -> int:
        """Words."""
        return sum(len(clause.tokens) for clause in self.clauses)


def choose(clauses: Sequence[Clause], weights: Weights | None = None) -> list[Passage]:
    """The most telling passages, at most `MAX_PASSAGES`, in order of time; none that tells nothing new."""
    weights = weights or Weights()
    total = sum(len(clause.tokens) for clause in clauses)
    budget = min(weights.at_most, max(weights.at_least, weights.share * total))
    passages = _passages(clauses, budget / (MAX_PASSAGES - 0.5), weights)
    by_word = _word_weights(passages, weights)
    left, told = dict(enumerate(passages)), frozenset[str]()
    chosen: list[int] = []
    used = 0
    while left and len(chosen) < MAX_PASSAGES and used < budget:
        best = max(left, key=lambda place: (_gain(left[place], told, by_word), -place))
        passage = left.pop(best)
        if not passage.words - told:
            break
        if not chosen or used + passage.length <= budget * (1 + weights.over):
            chosen.append(best)
            used += passage.length + _FRAME_WORDS
            told |= passage.words
    return [passages[place] for place in sorted(chosen)]


def _gain(passage: Passage, told: frozenset[str], by_word: Mapping[str, float]) -> float:
    # fsum is exact: a plain sum would hang on the order of a set, which differs from run to run.
    return passage.worth * math.fsum(by_word[word] for word in passage.words - told)


def _passages(clauses: Sequence[Clause], room: float, weights: Weights) -> list[Passage]:
    """All of a talk; one is about as long as the room that a note of full length has for it."""
    groups: list[list[Clause]] = []
    business = [clause for clause in clauses if not cues.GREETING.search(clause.norm)]
    for _, turn in groupby(business, key=lambda clause: clause.turn):
        length = math.inf
        for clause in turn:
            length += len(clause.tokens)
            if room >= _MIN_PASSAGE_WORDS and length <= room + 2:
                groups[-1].append(clause)
            else:
                groups.append([clause])
                length = len(clause.tokens)
    last_turn = clauses[-1].turn if clauses else 0
    return [_weighed(tuple(group), last_turn, weights) for group in groups]


def _weighed(clauses: tuple[Clause, ...], last_turn: int, weights: Weights) -> Passage:
    norm = " ".join(clause.norm for clause in clauses)
    turn, length = clauses[0].turn, sum(len(clause.tokens) for clause in clauses)
    rows: tuple[tuple[object, float], ...] = (
        (turn > 0.75 * last_turn, weights.ending),
        (len(clauses) == 1 and cues.CHATTER.search(norm), weights.courtesy),
        (length < 4, weights.short),
        (cues.REQUEST.search(norm), weights.request),
        (cues.OWN_PROMISE.search(norm), weights.promise),
        (_SECOND_PERSON.search(norm), weights.listener),
        (any(char.isdigit() for char in norm), weights.number),
    )
    log = math.fsum(weight for holds, weight in rows if holds)
    log += weights.opening * math.exp(-turn / weights.opening_turns) + weights.length * math.log(
        max(length, 3)
    )
    return Passage(clauses, stems(content_words(norm) - COMMON), math.exp(log))


def _word_weights(passages: Sequence[Passage], weights: Weights) -> dict[str, float]:
    """What it is worth to tell a word, whoever says it."""
    counts = Counter(word for passage in passages for word in passage.words)
    parties: dict[str, set[str]] = {}
    for passage in passages:
        for word in passage.words:
            parties.setdefault(word, set()).add(passage.clauses[0].speaker)
    tokens = (token for passage in passages for clause in passage.clauses for token in clause.tokens[1:])
    names = stems(frozenset(token.norm for token in tokens if token.text[:1].isupper()))
    everyday = stems(EVERYDAY)
    return {
        word: math.log(1 + count) ** weights.repeated
        * (weights.name if word in names else 1)
        * (weights.shared if len(parties[word]) > 1 else 1)
        * (weights.everyday if word in everyday else 1)
        for word, count in counts.items()
    }

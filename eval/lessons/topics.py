"""What sentences that were added, or removed, are about: the words that many associates' have in common.

A sentence belongs to one topic. Topics are found one after the other: the word that most associates'
sentences have, weighed by how rare it is in all of them, takes all those with it that have no topic yet.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.lessons.redacting import MARKS
from models.text.facts_words import STOP, stem
from models.text.tokens import tokenize
from models.text.worth import COMMON

MOST_TOPICS = 40
COMPANIONS = 3
WITH = 0.6
"""A word that this share of a topic's sentences have is named beside it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence in its redacted form: who added it, in which review."""

    associate: str
    review: int
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Words, the one that makes the topic first, and the places of its sentences."""

    words: tuple[str, ...]
    places: tuple[int, ...]


def find_topics(sentences: Sequence[Told], least: int, most: int = MOST_TOPICS) -> list[Topic]:
    """Topics that at least so many associates have, the strongest first."""
    contents = [content_of(sentence.text) for sentence in sentences]
    holding: dict[str, list[int]] = {}
    for place, words in enumerate(contents):
        for word in sorted(words):
            holding.setdefault(word, []).append(place)
    rarity = {word: math.log(1 + len(sentences) / len(places)) for word, places in holding.items()}
    free = set(range(len(sentences)))
    heap = [(-_weight(sentences, places, rarity[word]), word) for word, places in holding.items()]
    heapq.heapify(heap)
    topics: list[Topic] = []
    while heap and len(topics) < most:
        _, word = heapq.heappop(heap)
        places = [place for place in holding[word] if place in free]
        weight = _weight(sentences, places, rarity[word])
        # Weights only fall as sentences find their topics: one that is still the highest is the highest.
        if heap and -weight > heap[0][0]:
            heapq.heappush(heap, (-weight, word))
        elif len({sentences[place].associate for place in places}) >= least:
            topics.append(Topic(_named(word, [contents[place] for place in places]), tuple(places)))
            free -= set(places)
    return topics


def content_of(text: str) -> Mapping[str, str]:
    """Stems of the words that say something, each with the word; marks and numbers say nothing."""
    found: dict[str, str] = {}
    for token in tokenize(MARKS.sub(" ", text)):
        told = token.kind == "word" and len(token.norm) > 2
        if told and token.norm not in STOP and token.norm not in COMMON:
            found.setdefault(stem(token.norm), token.norm)
    return found


def _weight(sentences: Sequence[Told], places: Sequence[int], rarity: float) -> float:
    return len({sentences[place].associate for place in places}) * rarity


def _named(key: str, contents: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The word in its most frequent form, and those that most of the sentences have beside it."""
    forms: dict[str, Counter[str]] = {}
    for words in contents:
        for one, form in words.items():
            forms.setdefault(one, Counter())[form] += 1
    beside = [one for one, seen in forms.items() if one != key and seen.total() >= WITH * len(contents)]
    beside.sort(key=lambda one: (-forms[one].total(), one))
    return tuple(
        min(forms[one].items(), key=lambda form: (-form[1], form[0]))[0]
        for one in (key, *beside[:COMPANIONS])
    )

"""Hotwords steer a text, within their budget, and leave no half names behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from models.asr.biasing import Budget, Hotwords, Match
from models.asr.greedy import Text
from models.asr.tokens import END, TokenTable

PIECES = ("▁cast", "ral", "▁ke", "strel", "▁card", "ing", ".", "▁k", "e", "s", "t", "r", "l", "▁")
TABLE = TokenTable(
    [b"", b"", b"", *(bytes([byte]) for byte in range(256)), *(piece.encode() for piece in PIECES)]
)
IDS = {piece: 259 + at for at, piece in enumerate(PIECES)} | {"end": END}

FIVE = Budget(5.0, 5.0)

Row = Mapping[str, float]


class Tree(Hotwords):
    """Hotwords given as their tokens."""

    def __init__(self, *hotwords: Sequence[str], budget: Budget = FIVE) -> None:
        class Table(TokenTable):
            def encode(self, text: str) -> tuple[int, ...]:
                return tuple(IDS[piece] for piece in text.split())

        super().__init__([" ".join(h) for h in hotwords], Table(TABLE._pieces), budget)


def read(hotwords: Hotwords, *rows: Row) -> list[str]:
    """The text that comes of rows of logits, which do not hang on what was chosen before them."""
    text = Text(match=Match(hotwords))
    while not text.ended and len(text.tokens) < len(rows):
        logits = np.full(len(TABLE), -20.0, np.float32)
        for piece, logit in rows[len(text.tokens)].items():
            logits[IDS[piece]] = logit
        text.take(logits)
        assert len(text.log_probabilities) == len(text.entropies) == len(text.tokens) + text.ended
    names = {token: piece for piece, token in IDS.items()}
    return [names[token] for token in text.tokens]


KESTREL = ("▁ke", "strel")


def test_a_hotword_stands_where_the_budget_reaches() -> None:
    rows: list[Row] = [{"▁cast": 3, "▁ke": 0}, {"ral": 1, "strel": 0}, {"▁card": 5}, {"end": 9}]
    assert read(Tree(KESTREL), *rows) == ["▁ke", "strel", "▁card"]
    assert read(Tree(KESTREL, budget=Budget(3.0, 4.0)), *rows) == ["▁ke", "strel", "▁card"]
    assert read(Tree(KESTREL, budget=Budget(3.0, 3.5)), *rows) == ["▁cast", "ral", "▁card"]
    assert read(Tree(KESTREL, budget=Budget(2.9, 9.0)), *rows) == ["▁cast", "ral", "▁card"]
    assert read(Tree(), *rows) == ["▁cast", "ral", "▁card"]


@pytest.mark.parametrize("then", ["ing", "ral", ".", "▁card", "end"])
def test_a_hotword_that_breaks_off_is_taken_back(then: str) -> None:
    rows: list[Row] = [{"▁cast": 3, "▁ke": 0}, {then: 9}, {".": 3}, {"end": 9}]
    expected = ["▁cast"] if then == "end" else ["▁cast", then, "."]
    assert read(Tree(KESTREL), *rows) == expected


@pytest.mark.parametrize(("then", "stands"), [("ing", False), (".", True), ("▁card", True), ("end", True)])
def test_a_hotword_within_a_longer_word_is_none(then: str, stands: bool) -> None:
    rows: list[Row] = [{"▁cast": 3, "▁ke": 0}, {"strel": 2}, {then: 9}, {"end": 9}]
    found = read(Tree(KESTREL), *rows)
    assert found[0] == ("▁ke" if stands else "▁cast")


def test_what_the_model_writes_by_itself_is_never_taken_back() -> None:
    rows: list[Row] = [{"▁ke": 3}, {"ral": 3, "strel": -9}, {"end": 3}]
    assert read(Tree(KESTREL), *rows) == ["▁ke", "ral"]


@pytest.mark.parametrize("own", ["end", ".", "ral"])
def test_ends_and_the_rest_of_words_are_not_given_up(own: str) -> None:
    rows: list[Row] = [{"▁cast": 3}, {own: 1, "▁ke": 0}, {"strel": 5, "end": 0}, {"end": 3}]
    assert "▁ke" not in read(Tree(KESTREL), *rows)


def test_each_hotword_has_a_budget_of_its_own() -> None:
    step: list[Row] = [{"▁cast": 4, "▁ke": 0}, {"strel": 3}]
    assert read(Tree(KESTREL), *step, *step, *step, {"end": 3}) == ["▁ke", "strel"] * 3


def test_the_shorter_of_two_stays_when_the_longer_breaks_off() -> None:
    tree = Tree(KESTREL, (*KESTREL, "▁card", "s"))
    rows: list[Row] = [{"▁cast": 3, "▁ke": 0}, {"strel": 2}, {"▁cast": 3, "▁card": 0}, {"ing": 9}, {"end": 9}]
    assert read(tree, *rows) == ["▁ke", "strel", "▁cast", "ing"]

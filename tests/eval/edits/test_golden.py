"""Pairs of texts whose class follows from the rules, written by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from eval.edits import EDIT_CLASSES, classify, classify_class

FOLDER = Path(__file__).parent / "golden"


def read_pairs(topic: str) -> list[tuple[str, str, str, str]]:
    rows = tomllib.loads((FOLDER / f"{topic}.toml").read_text("utf-8"))["pairs"]
    return [(draft, final, edit_class, kind) for draft, final, edit_class, kind in rows]


TOPICS = sorted(path.stem for path in FOLDER.glob("*.toml"))
PAIRS = [
    pytest.param(*row, id=f"{topic}-{n}") for topic in TOPICS for n, row in enumerate(read_pairs(topic), 1)
]


@pytest.mark.parametrize(("draft", "final", "edit_class", "kind"), PAIRS)
def test_golden(draft: str, final: str, edit_class: str, kind: str) -> None:
    found = classify(draft, final)
    decided = found.decided_by.kind if found.decided_by else ""
    assert (found.edit_class, decided) == (edit_class, kind), found
    assert classify_class(draft, final) == edit_class


def test_there_are_enough_pairs_and_near_misses() -> None:
    rows = [row for topic in TOPICS for row in read_pairs(topic)]
    assert len({row[:2] for row in rows}) >= 300
    assert len({row[:2] for row in read_pairs("near")}) >= 60
    assert {row[2] for row in rows} == set(EDIT_CLASSES) - {"discarded"}

"""Planted edits: of the class they were planted as, for any dice."""

from __future__ import annotations

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.edits.edit import EDIT_CLASSES
from eval.edits.ladder import classify_class
from eval.worlds.bank import NUMBER_WORDS, SLOTS, TOPICS, Topic
from eval.worlds.plan import DISCARDED, EXACT
from eval.worlds.planting import DICE, FACES, plant

dice = st.lists(st.integers(0, FACES - 1), min_size=DICE, max_size=DICE)
days = st.integers(0, 365).map(lambda day: date(2026, 1, 1) + timedelta(days=day))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.anew[:20])
def test_every_topic_has_every_slot_once_at_least(topic: Topic) -> None:
    slots = {name for _, name, _, _ in string.Formatter().parse(topic.note) if name}
    assert slots == set(SLOTS)
    assert len(NUMBER_WORDS) == 8


@pytest.mark.parametrize("edit", range(len(EDIT_CLASSES)), ids=EDIT_CLASSES)
@given(faces=dice, day=days)
def test_the_ladder_finds_the_class_that_was_planted(edit: int, faces: list[int], day: date) -> None:
    texts = plant(edit, faces, day)
    assert classify_class(texts.draft, texts.corrected, used=edit != DISCARDED) == EDIT_CLASSES[edit]


@given(faces=dice, day=days, edit=st.integers(EXACT + 1, len(EDIT_CLASSES) - 1))
def test_an_edit_changes_the_text(faces: list[int], day: date, edit: int) -> None:
    texts = plant(edit, faces, day)
    assert texts.draft.strip() != texts.corrected.strip()

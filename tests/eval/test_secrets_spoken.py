"""Items as sound: who speaks when, on which channel, and which utterances count."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from eval.secrets.first import generate
from eval.secrets.items import ENTITIES, Item, ItemTurn, ItemWord
from eval.secrets.spoken import (
    AROUND_S,
    LEAST_PAUSE_S,
    RATE_HZ,
    Recording,
    SpokenCounts,
    score_spoken,
    speak,
    speakable,
    spoken_items,
    write_wav,
)
from pipeline.doors.files import blocks, probe
from pipeline.formats.segments import Segment
from tests.eval.scored import call


def item(*turns: tuple[str, str]) -> Item:
    made = tuple(
        ItemTurn(
            "agent" if who == "agent" else "customer",
            tuple(ItemWord(word.strip("*"), word.endswith("*")) for word in text.split()),
        )
        for who, text in turns
    )
    return Item("made", "pin", "made", "made", "made", "4112", made)


PIN = item(("agent", "what is your pin"), ("customer", "it is four* one* one* two*"))


def test_only_what_people_say_is_spoken() -> None:
    assert speakable(PIN)
    assert not speakable(item(("customer", "4 one")))
    assert not speakable(item(("customer", "jo@riverbank.org")))
    assert not speakable(item(("customer", "J-O-E")))


def test_items_of_all_entities_come_in_turn() -> None:
    items = list(spoken_items([generate], ENTITIES, 2 * len(ENTITIES), 1))
    assert [each.entity for each in items] == [*ENTITIES, *ENTITIES]
    assert all(map(speakable, items))
    assert items[0] == next(filter(speakable, generate("card", 50, 1)))


def test_what_is_read_back_counts_while_the_secret_is_said() -> None:
    recording = Recording(np.zeros((2, 10)), ((1, 2.0, 4.0),))
    plain = call(
        "x",
        [
            Segment("S1", 0.0, 1.5, "four one on another day", 1),
            Segment("S1", 1.9, 4.1, "it is four one one two", 1),
            Segment("S2", 2.0, 4.0, "four one", 0),
        ],
    )
    masked = call("x", [Segment("S1", 1.9, 4.1, "it is [PIN_1] two", 1)])
    assert score_spoken(PIN, recording, masked, plain) == SpokenCounts(1, 1, 0, 4, 4, 1)
    assert score_spoken(PIN, recording, plain, plain) == SpokenCounts(1, 1, 1, 4, 4, 4)


def test_counts_add_and_nothing_over_nothing_is_none() -> None:
    assert SpokenCounts(1, 1, 1, 4, 4, 1) + SpokenCounts(1, 0, 0, 6, 2, 0) == SpokenCounts(2, 1, 1, 10, 6, 1)
    assert (SpokenCounts(4, 4, 1, 10, 8, 2).rate, SpokenCounts(4, 4, 1, 10, 8, 2).share) == (0.25, 0.2)
    assert (SpokenCounts().rate, SpokenCounts().share) == (None, None)


@pytest.mark.flite
def test_turns_follow_each_other_a_channel_a_side(tmp_path: Path) -> None:
    recording = speak(PIN)
    assert np.array_equal(recording.samples, speak(PIN).samples)
    ((channel, start_s, end_s),) = recording.secret
    assert channel == 1
    assert end_s - start_s > 0.5
    loud = np.abs(recording.samples) > 0.02
    asked = np.flatnonzero(loud[0]) / RATE_HZ
    answered = np.flatnonzero(loud[1]) / RATE_HZ
    assert asked.min() > AROUND_S
    assert answered.min() - asked.max() >= LEAST_PAUSE_S
    assert start_s <= answered.min() <= answered.max() <= end_s
    assert np.std(recording.samples[:, : RATE_HZ // 2]) > 0
    write_wav(recording.samples, tmp_path / "item.wav")
    info = probe(tmp_path / "item.wav")
    assert (info.rate_hz, info.channels) == (RATE_HZ, 2)
    heard = sum(block.shape[1] for block in islice(blocks(info), None))
    assert heard == 2 * recording.samples.shape[1]

"""What is hidden of real talk: all of it, and the part that is taken for no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.secrets.masks import REGEX, open_mask, own_mask
from eval.secrets.playing import Spoken
from eval.secrets.talk import Talk, TalkCounts, read_talk, score_talk
from models.errors import InputError


def write(path: Path, *conversations: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(each) for each in conversations) + "\n")


def talk(*texts: str) -> Talk:
    return Talk("made", tuple(Spoken(0, tuple(text.split())) for text in texts))


def test_conversations_are_read_from_all_files_with_turns(tmp_path: Path) -> None:
    one = {"id": 1, "turns": [{"speaker": "A", "text": "hello <UNSURE>there</UNSURE>", "start": 1.0}]}
    two = {"turns": [{"speaker": 2, "text": "one"}, {"speaker": 1, "text": " "}, {"speaker": 1, "text": "b"}]}
    write(tmp_path / "bank" / "calls.jsonl", one, {"id": "no conversation"}, two)
    write(tmp_path / "shop" / "calls.jsonl", one)
    found = read_talk(tmp_path)
    assert [each.data for each in found] == ["bank", "bank", "shop"]
    assert found[0].spoken == (Spoken(0, ("hello", "there")),)
    assert found[1].spoken == (Spoken(0, ("one",)), Spoken(1, ("b",)))


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_talk(tmp_path / "none")
    with pytest.raises(InputError, match="no conversations in it"):
        read_talk(tmp_path)
    write(tmp_path / "calls.jsonl", {"turns": [{"speaker": "A", "text": "a"}]}, {"turns": [{"speaker": "A"}]})
    with pytest.raises(InputError, match=r"calls\.jsonl:2.*text"):
        read_talk(tmp_path)


def test_hidden_words_are_counted_and_those_of_a_true_kind_apart() -> None:
    counts, kinds = score_talk(
        talk("call 303-555-0134 or 303 555 0199 now", "she was there on 03/05 in town"), open_mask(REGEX)
    )
    assert counts == TalkCounts(words=14, stretches=3, hidden=5, true_kind=4)
    assert kinds == {"phone": 2, "expiry": 1}
    assert counts.in_vain == 1
    assert counts.hidden_per_1000 == pytest.approx(1000 * 5 / 14)


def test_our_own_mask_hides_a_card_number_and_leaves_an_amount() -> None:
    counts, kinds = score_talk(
        talk("they charged two hundred dollars", "my card number is four one one one two two"), own_mask
    )
    assert (counts.words, counts.stretches, counts.hidden, counts.in_vain) == (15, 1, 6, 0)
    assert sum(kinds.values()) == 1


def test_counts_add_and_nothing_over_nothing_is_none() -> None:
    one = TalkCounts(1_000, 4, 10, 6, 2)
    assert one + one == TalkCounts(2_000, 8, 20, 12, 4)
    assert (one.in_vain, one.in_vain_per_1000, one.hidden_per_1000) == (4, 4.0, 10.0)
    assert (TalkCounts().in_vain_per_1000, TalkCounts().hidden_per_1000) == (None, None)


@pytest.mark.real_audio
def test_real_transcripts_are_read(real_audio: Path) -> None:
    sets = {each.data for each in read_talk(real_audio)}
    assert {"calls_hvb", "calls_spokenwoz", "dialogs_service_examples"} <= sets

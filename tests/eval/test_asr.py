"""Each figure here was worked out by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.asr import align, count_errors, pair_up, score_words
from eval.counts import ErrorCounts, SpeakerWordCounts
from tests.eval.scored import said

words = st.lists(st.sampled_from("abc"), max_size=6)


def test_count_errors() -> None:
    # the cat sat on [the] mat / the [a] cat sit on mat
    counts = count_errors(["the", "cat", "sat", "on", "the", "mat"], ["the", "a", "cat", "sit", "on", "mat"])
    assert counts == ErrorCounts(deletions=1, insertions=1, substitutions=1, length=6)
    assert (counts.errors, counts.rate) == (3, 0.5)


def test_nothing_over_nothing_is_none() -> None:
    assert count_errors([], []).rate is None
    assert count_errors([], ["a"]) == ErrorCounts(insertions=1)
    assert count_errors(["a"], []).rate == 1.0
    assert SpeakerWordCounts().rate is None


def test_align() -> None:
    assert align(["a", "b"], ["a", "x", "b"]) == [(0, 0), (None, 1), (1, 2)]


@given(words, words)
def test_every_word_is_aligned_once(reference: list[str], hypothesis: list[str]) -> None:
    pairs = align(reference, hypothesis)
    assert [i for i, _ in pairs if i is not None] == list(range(len(reference)))
    assert [j for _, j in pairs if j is not None] == list(range(len(hypothesis)))
    assert count_errors(reference, hypothesis).errors == _distance(reference, hypothesis)


@given(words, words, words, words)
def test_counts_add(a: list[str], b: list[str], c: list[str], d: list[str]) -> None:
    both = count_errors(a, b) + count_errors(c, d)
    assert both.errors == _distance(a, b) + _distance(c, d)
    assert both.length == len(a) + len(c)


def test_pair_up_has_the_lowest_sum() -> None:
    assert pair_up(["r1", "r2"], ["h1", "h2"], [[1, 0], [5, 3]]) == {"h1": "r1", "h2": "r2"}
    assert pair_up([], ["h1"], []) == {}


def test_one_side_of_a_call_is_plain_wer() -> None:
    reference = [
        said("agent", "[noise]", 0),
        said("agent", "hello [noise] there", 1),
        said("agent", "bye", 5),
    ]
    scores = score_words(reference, [said("S1", "hello", 1), said("S2", "there my", 2)], channels=1)
    assert scores.basis == "call"
    assert scores.wer == ErrorCounts(substitutions=1, length=3)
    # "hello there bye" against S2 "there my" (2 errors); S1's "hello" is one insertion more.
    assert scores.cpwer is not None
    assert scores.cpwer.errors == 3


def test_mono_call_in_order_of_time() -> None:
    reference = [said("A", "good morning sir", 0), said("B", "i lost my card", 2)]
    hypothesis = [said("S2", "i lost the card", 2), said("S1", "good morning", 0)]
    scores = score_words(reference, hypothesis, channels=1)
    assert scores.basis == "call"
    assert scores.wer == ErrorCounts(deletions=1, substitutions=1, length=7)
    assert scores.cpwer == scores.wer
    assert scores.wder == SpeakerWordCounts(wrong=0, words=6)


def test_words_with_the_wrong_speaker() -> None:
    # "please" is B's and was given to A's label: one of eight words for WDER, two errors for cpWER.
    reference = [said("A", "what is your name", 0), said("B", "please say it again", 2)]
    hypothesis = [said("S1", "what is your name please", 0), said("S2", "say it again", 2)]
    scores = score_words(reference, hypothesis, channels=1)
    assert scores.wer == ErrorCounts(length=8)
    assert scores.cpwer == ErrorCounts(deletions=1, insertions=1, length=8)
    assert scores.wder == SpeakerWordCounts(wrong=1, words=8)


def test_wder_counts_substituted_words_and_leaves_out_the_rest() -> None:
    # good/food is substituted with the wrong speaker; "x" is inserted, "day" deleted: neither counts.
    reference = [said("A", "one good", 0), said("B", "night over there day", 1)]
    hypothesis = [said("S1", "one", 0), said("S2", "food night over x there", 1)]
    scores = score_words(reference, hypothesis, channels=1)
    assert scores.wder == SpeakerWordCounts(wrong=1, words=5)


def test_a_third_label_is_always_wrong() -> None:
    reference = [said("A", "red green blue", 0), said("B", "apple pear", 2)]
    hypothesis = [said("S1", "red green", 0), said("S3", "blue", 1), said("S2", "apple pear", 2)]
    assert score_words(reference, hypothesis, channels=1).wder == SpeakerWordCounts(wrong=1, words=5)


def test_stereo_by_stated_channel() -> None:
    # Both talk at once: per channel nothing is wrong, whatever the order of starts.
    reference = [said("A", "red green blue", 0, 1), said("B", "apple", 0.2, 0), said("B", "pear", 5, 0)]
    hypothesis = [
        said("agent", "apple", 0, 0),
        said("customer", "red green blue", 0.5, 1),
        said("agent", "pear", 5, 0),
    ]
    scores = score_words(reference, hypothesis, channels=2)
    assert scores.basis == "channels"
    assert scores.wer == ErrorCounts(length=5)
    assert scores.cpwer == ErrorCounts(length=5)


def test_stated_channels_are_not_swapped() -> None:
    # cpWER forgives that the channels were swapped, WER and WDER do not.
    reference = [said("A", "red green blue", 0, 0), said("B", "apple pear", 2, 1)]
    hypothesis = [said("agent", "apple pear", 2, 0), said("customer", "red green blue", 0, 1)]
    scores = score_words(reference, hypothesis, channels=2)
    assert scores.wer == ErrorCounts(deletions=1, insertions=1, substitutions=4, length=5)
    assert scores.cpwer == ErrorCounts(length=5)
    assert scores.wder == SpeakerWordCounts(wrong=5, words=5)


def test_stereo_without_stated_channels_is_paired_by_fewest_errors() -> None:
    # The reference's first speaker is on the second channel.
    for stated in (None, 0):
        reference = [said("A", "red green blue", 0, stated), said("B", "apple pear", 2, stated)]
        hypothesis = [said("x", "apple bear", 2, 0), said("y", "red green blue", 0, 1)]
        scores = score_words(reference, hypothesis, channels=2)
        assert scores.basis == "channels"
        assert scores.wer == ErrorCounts(substitutions=1, length=5)
        assert scores.wder == SpeakerWordCounts(wrong=0, words=5)


def test_a_channel_without_words_is_still_a_channel() -> None:
    reference = [said("A", "red green", 0, 0), said("B", "apple", 2, 1)]
    scores = score_words(reference, [said("agent", "red green", 0, 0)], channels=2)
    assert (scores.basis, scores.wer) == ("channels", ErrorCounts(deletions=1, length=3))
    assert score_words(reference, [], channels=2).wer == ErrorCounts(deletions=3, length=3)


def test_more_speakers_than_channels() -> None:
    reference = [said("A", "red green", 0), said("B", "apple", 2), said("C", "pear plum", 4)]
    hypothesis = [said("x", "red green", 0, 0), said("y", "pear plum", 4, 1)]
    assert score_words(reference, hypothesis, channels=2).wer == ErrorCounts(deletions=1, length=5)


def test_no_times_no_wder() -> None:
    reference = [said("A", "red green", None, 0), said("B", "apple", None, 1)]
    scores = score_words(reference, [said("x", "red green", 0, 0), said("y", "apple", 0, 1)], channels=2)
    assert scores.wder is None
    assert scores.wer == ErrorCounts(length=3)


def test_numbers_go_across_segments() -> None:
    reference = [said("A", "my code is four one", 0), said("A", "one one", 2)]
    assert score_words(reference, [said("x", "My code is 4111.", 0)], channels=1).wer.errors == 0


def test_without_meeteval_there_is_no_cpwer(monkeypatch: pytest.MonkeyPatch) -> None:
    reference, hypothesis = [said("A", "red green", 0)], [said("S1", "red", 0)]
    for module in ("meeteval", "meeteval.wer"):
        monkeypatch.setitem(sys.modules, module, None)
    scores = score_words(reference, hypothesis, channels=1)
    assert scores.cpwer is None
    assert scores.wer == ErrorCounts(deletions=1, length=2)
    assert scores.wder == SpeakerWordCounts(wrong=0, words=1)


def test_a_meeteval_that_is_incomplete_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meeteval").mkdir()
    (tmp_path / "meeteval" / "__init__.py").touch()
    (tmp_path / "meeteval" / "wer.py").write_text("import no_such_package\n")
    for module in [name for name in sys.modules if name.partition(".")[0] == "meeteval"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        score_words([said("A", "red", 0)], [said("S1", "red", 0)], channels=1)


def _distance(reference: list[str], hypothesis: list[str]) -> int:
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(hypothesis, start=1):
            diagonal, row[j] = row[j], min(diagonal + (word != other), row[j] + 1, row[j - 1] + 1)
    return row[-1]

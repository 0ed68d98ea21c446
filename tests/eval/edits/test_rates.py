"""Whether a text was rewritten, against sacrebleu's own translation edit rate."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.lib_ter import translation_edit_rate

from eval.edits.rates import LEAST_EDITS, LONGEST_TER, TER_LIMIT, rates

ROWS = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=18)


@settings(max_examples=300)
@given(ROWS, ROWS)
def test_the_decision_is_that_of_sacrebleu(draft: list[str], final: list[str]) -> None:
    edits, words = translation_edit_rate(draft, final)
    # Another alignment of the same length may lead to other shifts: near the limit either is right.
    if abs(edits - TER_LIMIT * words) > 1 and abs(edits - LEAST_EDITS) > 1:
        assert rates(draft, final).is_ter_high == (edits >= TER_LIMIT * words and edits >= LEAST_EDITS)


def test_bounds_decide_without_a_rate() -> None:
    assert rates(list("abcdef") * 2, list("ghijkl")).ter is None
    one_word = rates(list("abcdefgh"), list("abcdefgx"))
    assert (one_word.is_ter_high, one_word.ter, one_word.kept) == (False, None, 7 / 8)


def test_shifts_make_the_rate_that_words_alone_do_not() -> None:
    """Ten words that moved as one: the word edit rate is 1, the TER one shift of twenty words."""
    draft = [f"w{n}" for n in range(20)]
    found = rates(draft, draft[10:] + draft[:10])
    assert not found.is_ter_high


def test_the_rate_is_told_where_it_decided() -> None:
    found = rates(list("abcdefgh"), list("hgfedcba"))
    assert found.is_ter_high
    assert found.ter == pytest.approx(translation_edit_rate(list("abcdefgh"), list("hgfedcba"))[0] / 8)


@pytest.mark.parametrize(("draft", "final"), [("", ""), ("", "abc"), ("abc", "")])
def test_texts_without_words(draft: str, final: str) -> None:
    found = rates(list(draft), list(final))
    assert not found.is_ter_high and not found.is_little_kept
    assert found.kept == (None if not draft else 0.0)


def test_a_draft_of_which_little_is_left_is_rewritten_from_five_lost_words_on() -> None:
    assert rates(list("abcde"), list("abcdefghijkl")).is_little_kept is False
    assert rates(list("abcdefg"), list("ab")).is_little_kept
    assert rates(list("abcd"), []).is_little_kept is False


def test_past_the_bound_the_word_edit_rate_decides() -> None:
    draft = [f"w{n}" for n in range(LONGEST_TER + 2)]
    turned = draft[len(draft) // 2 :] + draft[: len(draft) // 2]
    assert rates(draft, turned).is_ter_high
    assert not rates(draft, [*draft[1:], "x"]).is_ter_high

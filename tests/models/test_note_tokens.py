"""Masks under other names: there and back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from models.summarizers.tokens import MASK, Disguise

masks = st.builds("[{}_{}]".format, st.sampled_from(["ACCOUNT", "NUMBER", "CARD_CODE"]), st.integers(1, 99))
texts = st.lists(st.one_of(masks, st.text(alphabet="ab [_]1A", max_size=6)), max_size=12).map(" ".join)


@given(st.lists(texts, max_size=5))
def test_there_and_back(given_texts: list[str]) -> None:
    disguise = Disguise()
    hidden = [disguise.hide(text) for text in given_texts]
    assert [disguise.show(text) for text in hidden] == [(text, True) for text in given_texts]
    for text, other in zip(given_texts, hidden, strict=True):
        assert [m[1] for m in MASK.finditer(other)] == [m[1] for m in MASK.finditer(text)]
        assert all(10_000 <= int(m[2]) < 100_000 for m in MASK.finditer(other))


@given(st.lists(masks, min_size=1, max_size=60, unique=True))
def test_one_name_a_mask(found: list[str]) -> None:
    disguise = Disguise()
    names = disguise.hide(" ".join(found * 2)).split()
    assert names[: len(found)] == names[len(found) :]
    assert len(set(names)) == len(found)


def test_names_differ_from_request_to_request() -> None:
    names = {Disguise().hide("[ACCOUNT_1]") for _ in range(20)}
    assert len(names) > 15


def test_what_was_never_given_out() -> None:
    disguise = Disguise()
    (number,) = re.findall(r"\d+", disguise.hide("[ACCOUNT_7]"))
    assert disguise.show(f"[ACCOUNT_{number}] [CARD_{number}] [ACCOUNT_7] [ACCOUNT_8]") == (
        f"[ACCOUNT_7] [CARD_{number}] [ACCOUNT_0] [ACCOUNT_8]",
        False,
    )

"""What holds of the mask for any words: it is idempotent, touches nothing else, repeats no token."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.text.tokens import listed
from models.types import RATE_HZ
from pipeline.core.redaction import MaskState, hide_partial, mask
from tests.pipeline.core.masking import at

VOCABULARY = (
    *listed("zero one two three four five six seven eight nine"),
    *listed(
        "oh for to won ate double hundred thousand twenty eleven and um okay one the is my card code"
        " password dollars cents percent march 5th days charges $35 4111 41 4,111 1. x9 a1b2 [NUMBER_1]"
        " [CARD_2] hello savings two-factor 4-1-1 p.m. first b , … ² half past i"
    ),
)


TEXTS = st.lists(st.sampled_from(VOCABULARY) | st.text(min_size=1, max_size=6), max_size=14)


STATES = st.builds(
    MaskState,
    channel=st.integers(0, 1),
    channels=st.just(2),
    issued=st.integers(0, 9),
    cue_samples=st.none() | st.integers(0, 20 * RATE_HZ),
    run_samples=st.none() | st.integers(0, 20 * RATE_HZ),
    run_open=st.booleans(),
)


@settings(max_examples=600)
@given(texts=TEXTS, state=STATES, word_s=st.sampled_from([0.3, 4.0]))
@example(texts=["zero", "zero", "oh", "¢B", "zero"], state=MaskState(channels=2), word_s=0.3)
@example(texts=["card", "41", "is", "two", "p.m."], state=MaskState(channels=2), word_s=0.3)
def test_masking_masked_text_changes_nothing(texts: list[str], state: MaskState, word_s: float) -> None:
    words = at(texts, 20.0, word_s)
    out, spans, after = mask(words, state)
    assert after.issued == state.issued + len(spans)
    assert mask(out, state)[:2] == (out, ())
    assert mask(words, state) == (out, spans, after)
    hidden = hide_partial(words)
    assert hide_partial(hidden) == hidden


@settings(max_examples=200)
@given(texts=TEXTS, state=STATES)
def test_the_rest_of_the_words_is_untouched(texts: list[str], state: MaskState) -> None:
    words = at(texts)
    out, spans, _ = mask(words, state)
    tokens = [word for word in out if word not in words]
    assert [word.text.rstrip(".,!?;:…") for word in tokens] == [span.token for span in spans]
    assert [word for word in out if word in words] == [
        word
        for word in words
        if not any(s.start_samples <= word.start_samples < s.end_samples for s in spans)
    ]
    assert all(a.end_samples <= b.start_samples for a, b in pairwise(out))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=12))
def test_numbers_are_unique_in_a_call(turns: list[tuple[int, int]]) -> None:
    states = {channel: MaskState(channel=channel, channels=3) for channel in range(3)}
    issued: list[str] = []
    for channel, count in turns:
        texts = " hello savings there ".join(["four one one one"] * count).split()
        _, spans, states[channel] = mask(at(texts), states[channel])
        issued += [span.token for span in spans]
        assert len(spans) == count
    assert len(set(issued)) == len(issued)

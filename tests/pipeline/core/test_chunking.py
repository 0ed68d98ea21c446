"""Where a call is cut into chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.types import RATE_HZ, Word
from pipeline.core.chunking import LONGEST, Chunk, Chunker, piece_of
from pipeline.core.events import UtteranceFinal

END = 10**12


def final(
    start_s: float, words: int, channel: int = 0, text: str = "word", end_s: float = 0.0
) -> UtteranceFinal:
    """An utterance of so many words, half a second each unless it says when it ends."""
    start = round(start_s * RATE_HZ)
    end = round(end_s * RATE_HZ) if end_s else start + words * RATE_HZ // 2
    said = tuple(Word(text, start, end) for _ in range(words))
    return UtteranceFinal(f"u{channel}-{start}", channel, f"S{channel + 1}", start, end, said, "en", ())


def cuts(finals: list[UtteranceFinal], words: int = 10, mono: bool = False) -> list[float]:
    """Where chunks end, in seconds."""
    chunker = Chunker(words, 2_000)
    chunker.push(piece_of(one, mono) for one in finals)
    return [found.end_samples / RATE_HZ for found in chunker.settle(END)]


def test_a_chunk_ends_at_its_number_of_words_where_the_speaker_changes() -> None:
    said = [final(0, 4), final(3, 4, 1), final(6, 4), final(9, 2), final(12, 4, 1)]
    assert cuts(said) == [12.0]


def test_half_of_the_words_and_a_pause_of_all_sides_end_a_chunk() -> None:
    assert cuts([final(0, 5), final(4.5, 5, 1), final(7.5, 4)]) == [4.5]
    assert cuts([final(0, 4), final(4.5, 5, 1), final(7.5, 4)]) == []
    # The other side still speaks in what would be a pause.
    assert cuts([final(0, 5), final(1, 1, 1, end_s=4.4), final(4.5, 3, 1), final(7, 4)]) == []


def test_half_of_the_words_and_another_topic_end_a_chunk() -> None:
    said = [final(0, 6), final(3.2, 1, 1, "Anything else?"), final(4, 1)]
    assert cuts(said) == [3.2]
    assert cuts([final(0, 3), final(2, 1, 1, "anything else"), final(3, 1)]) == []


def test_a_turn_is_whole_unless_it_is_twice_as_long_as_a_chunk() -> None:
    assert cuts([final(0, 9), final(20, 9), final(40, 1, 1)]) == [40.0]
    assert cuts([final(0, 10), final(20, 10), final(40, 10), final(60, 1)]) == [40.0]


def test_on_a_mono_call_any_silence_may_be_a_change_of_speaker() -> None:
    assert cuts([final(0, 10), final(5.5, 3)], mono=True) == [5.5]
    # Speech that was split without a silence goes on.
    assert cuts([final(0, 10), final(5, 3), final(8, 3)], mono=True) == [8.0]


def test_utterances_that_begin_together_stay_together() -> None:
    assert cuts([final(0, 12), final(8, 30, 1), final(8, 1), final(30, 1)]) == [30.0]


def test_chunks_follow_one_another() -> None:
    chunker = Chunker(2, 2_000)
    chunker.push(piece_of(one, False) for one in [final(1, 2), final(4, 2, 1), final(8, 2)])
    assert chunker.settle(8 * RATE_HZ) == [Chunk(0, 4 * RATE_HZ, 2 * RATE_HZ)]
    assert chunker.settle(8 * RATE_HZ + 1) == [Chunk(4 * RATE_HZ, 8 * RATE_HZ, 5 * RATE_HZ)]


utterances = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 8), st.integers(0, 1), st.booleans()), max_size=30
).map(
    lambda rows: [
        final(start, words, channel, "anything else" if cue else "word")
        for start, words, channel, cue in {(row[0], row[2]): row for row in rows}.values()
    ]
)


@given(said=utterances, order=st.randoms(use_true_random=False), words=st.integers(1, 20))
def test_cuts_depend_on_what_was_said_alone(said: list[UtteranceFinal], order: object, words: int) -> None:
    whole = Chunker(words, 2_000)
    whole.push(piece_of(one, False) for one in said)
    expected = whole.settle(END)
    bit_by_bit = Chunker(words, 2_000)
    found: list[Chunk] = []
    mixed = list(said)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    for at, one in enumerate(mixed):
        bit_by_bit.push([piece_of(one, False)])
        found += bit_by_bit.settle(min((later.start_samples for later in mixed[at + 1 :]), default=END))
    assert found == expected
    if found:
        again = Chunker(words, 2_000, found[0].end_samples, found[0].spoken_until)
        again.push(piece_of(one, False) for one in mixed)
        assert again.settle(END) == found[1:]


@given(said=utterances, words=st.integers(1, 20), mono=st.booleans())
def test_no_chunk_is_much_longer_than_it_may_be(said: list[UtteranceFinal], words: int, mono: bool) -> None:
    chunker = Chunker(words, 2_000)
    chunker.push(piece_of(one, mono) for one in said)
    for found in chunker.settle(END):
        inside = [one for one in said if found.start_samples <= one.start_samples < found.end_samples]
        # Two utterances of up to eight words, begun together, may come on top.
        assert sum(len(one.words) for one in inside) < LONGEST * words + 2 * 8 * 2
        assert found.spoken_until >= max(one.end_samples for one in inside)

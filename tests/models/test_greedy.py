"""The decoder loop over a decoder that a test can look into, and drafts on the embedded one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.normalizer import words_of
from models import registry
from models.asr.greedy import GreedyDecoder
from models.asr.moonshine import Moonshine
from models.asr.tokens import END, START
from models.errors import DecodingCancelled
from models.ports import Decoding
from models.types import RATE_HZ, Samples
from pipeline.doors.files import blocks, probe

VOCABULARY = 9
STATES = np.zeros((1, 5, 2), np.float32)
MOST = 12

Feed = dict[str, Any]


@dataclass
class Entry:
    name: str
    shape: tuple[object, ...]


class Remembering:
    """A decoder whose keys are the tokens that it was given, and whose logits hang on all of them."""

    def __init__(self) -> None:
        self.fed: list[list[int]] = []

    def get_inputs(self) -> list[Entry]:
        return [Entry(f"past_key_values.0.{part}.key", ("b", 1, "n", 1)) for part in ("decoder", "encoder")]

    def get_outputs(self) -> list[Entry]:
        return [Entry("logits", ())] + [Entry(f"present.0.{part}.key", ()) for part in ("decoder", "encoder")]

    def run(self, outputs: Sequence[str], feed: Feed) -> list[Any]:
        ids = feed["input_ids"][0].tolist()
        self.fed.append(ids)
        past = feed["past_key_values.0.decoder.key"][0, 0, :, 0].astype(int).tolist()
        assert bool(feed["use_cache_branch"][0]) == bool(past)
        known = past + ids
        answers = {
            "logits": np.stack([self._logits(known[: len(past) + i + 1]) for i in range(len(ids))])[None],
            "present.0.decoder.key": np.array(known, np.float32).reshape(1, 1, -1, 1),
            "present.0.encoder.key": np.ones((1, 1, 5, 1), np.float32),
        }
        assert not past or feed["past_key_values.0.encoder.key"].all()
        return [answers[name] for name in outputs]

    def _logits(self, tokens: Sequence[int]) -> Any:
        assert tokens[0] == START
        assert END not in tokens
        seed = zlib.crc32(bytes(tokens))
        logits = np.random.default_rng(seed).normal(0, 3, VOCABULARY).astype(np.float32)
        logits[END] += len(tokens) - 9
        return logits


@given(draft=st.lists(st.integers(3, VOCABULARY - 1), max_size=MOST + 3), kept=st.integers(0, MOST))
def test_no_draft_changes_a_text(draft: list[int], kept: int) -> None:
    plain = GreedyDecoder(Remembering()).decode(STATES, MOST)
    for given_ in (draft, plain.tokens[:kept] + draft, plain.tokens[:kept] + draft[:1] + plain.tokens[kept:]):
        session = Remembering()
        drafted = GreedyDecoder(session).decode(STATES, MOST, Decoding(draft=tuple(given_)))
        assert drafted == plain
        assert len(session.fed) <= len(plain.log_probabilities)


def test_a_right_draft_takes_two_steps_and_a_wrong_token_one_more() -> None:
    session = Remembering()
    decoder = GreedyDecoder(session)
    plain = decoder.decode(STATES, MOST)
    assert len(plain.tokens) > 5
    del session.fed[:]
    decoder.decode(STATES, MOST, Decoding(draft=tuple(plain.tokens)))
    assert len(session.fed) == 2
    wrong = [*plain.tokens[:2], 3 + (plain.tokens[2] == 3), *plain.tokens[3:]]
    del session.fed[:]
    decoder.decode(STATES, MOST, Decoding(draft=tuple(wrong)))
    # After the wrong token two of the text must agree with the draft before it is trusted again.
    assert [len(ids) for ids in session.fed[:4]] == [1, len(wrong), 1, 1]
    assert session.fed[4] == plain.tokens[4:]


def test_a_text_ends_at_its_limit_with_a_draft_too() -> None:
    plain = GreedyDecoder(Remembering()).decode(STATES, MOST)
    short = GreedyDecoder(Remembering()).decode(STATES, 4, Decoding(draft=tuple(plain.tokens)))
    assert (short.tokens, short.ended) == (plain.tokens[:4], False)


@pytest.fixture(scope="module")
def engine() -> Moonshine:
    found = registry.engine("asr", "moonshine")
    assert isinstance(found, Moonshine)
    return found


@pytest.fixture
def clips(sample_calls: Path) -> list[Samples]:
    """Stretches of a call, eight seconds each."""
    audio = np.concatenate(list(blocks(probe(sample_calls / "01-overdraft-refund.flac"))), axis=1)[0]
    found = [audio[at : at + 8 * RATE_HZ] for at in range(0, 64 * RATE_HZ, 8 * RATE_HZ)]
    return [clip for clip in found if np.abs(clip).max() > 0.1]


def test_drafts_save_steps_and_keep_the_words(
    engine: Moonshine, clips: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, steps = engine._decoder._session, [0]

    class Counting:
        def run(self, *given_: Any) -> Any:
            steps[0] += 1
            return session.run(*given_)

    monkeypatch.setattr(engine._decoder, "_session", Counting())
    plain_steps = drafted_steps = 0
    texts: list[tuple[str, str]] = []
    for clip in clips:
        begun = engine.transcribe([clip[: 7 * RATE_HZ]])[0]
        steps[0] = 0
        plain = engine.transcribe([clip])[0]
        plain_steps, steps[0] = plain_steps + steps[0], 0
        drafted = engine.transcribe([clip], Decoding(draft=begun.tokens))[0]
        drafted_steps += steps[0]
        assert all(word.confidence is not None for word in drafted.words)
        texts.append((" ".join(words_of(plain.text)), " ".join(words_of(drafted.text))))
    read = [pair for pair in texts if pair[0]]
    assert len(read) > 4
    assert jiwer.wer([plain for plain, _ in read], [drafted for _, drafted in read]) < 0.1
    assert drafted_steps < 0.6 * plain_steps


def test_cancelled_between_tokens_and_fit_for_use(engine: Moonshine, clips: list[Samples]) -> None:
    before = engine.transcribe(clips[:1])
    answers = iter([True, True, True, False])
    with pytest.raises(DecodingCancelled):
        engine.transcribe(clips, Decoding(go_on=lambda: next(answers)))
    assert not list(answers)
    assert engine.transcribe(clips[:1]) == before

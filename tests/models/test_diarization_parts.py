"""The embedded diarizer's steps, on scripted networks and made-up embeddings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from models.diarization.clustering import MOST_TRAINED, find_speakers, unit
from models.diarization.fbank import BANDS, filter_banks
from models.diarization.hearing import runs
from models.diarization.moonshine import MoonshineDiarizer
from models.diarization.moonshine_package import exclusive
from models.diarization.networks import (
    CHUNK_FRAMES,
    EMBEDDING_SIZE,
    FRAME_MIDDLE_SAMPLES,
    FRAME_STEP_SAMPLES,
    LOCAL_SPEAKERS,
    PLDA_SIZE,
    PldaArrays,
)
from models.types import RATE_HZ, Samples, Turn

PLDA = PldaArrays(
    mean_raw=np.zeros(EMBEDDING_SIZE),
    lda=np.eye(EMBEDDING_SIZE, PLDA_SIZE),
    mean_lda=np.zeros(PLDA_SIZE),
    mean=np.zeros(PLDA_SIZE),
    transform=np.eye(PLDA_SIZE),
    psi=np.full(PLDA_SIZE, 4.0),
)


class TwoTones:
    """Networks for whom a tone is a voice: its band is the speaker, anything under -60 dB is silence."""

    plda = PLDA

    def segment(self, chunk: Samples) -> NDArray[np.bool_]:
        """Local speakers by first heard; both tones at once are two."""
        starts = np.arange(CHUNK_FRAMES) * FRAME_STEP_SAMPLES + FRAME_MIDDLE_SAMPLES
        spectra = [np.abs(np.fft.rfft(chunk[start - 200 : start + 200])) for start in starts]
        power = np.array([[spectrum[5:15].max(), spectrum[45:55].max()] for spectrum in spectra])
        order = np.argsort((power > 1).argmax(axis=0))
        active = np.zeros((CHUNK_FRAMES, LOCAL_SPEAKERS), dtype=bool)
        active[:, :2] = (power > 1)[:, order]
        return active

    def embed(self, features: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """One axis a tone."""
        loudest = int(np.median(features[weights > 0].argmax(axis=1)))
        voice = np.full(EMBEDDING_SIZE, 0.01, dtype=np.float32)
        voice[0 if loudest < BANDS // 3 else 1] = 1
        return voice


def tone(hz: float, seconds: float) -> Samples:
    """A sine of the given length at a quarter of full scale."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.25 * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def conversation() -> Samples:
    """High 2 s, pause, low 4 s, high 3 s, pause, low 2 s, high 3 s."""
    pause = np.zeros(RATE_HZ // 2, dtype=np.float32)
    parts = [tone(2000, 2), pause, tone(400, 4), tone(2000, 3), pause, tone(400, 2), tone(2000, 3)]
    return np.concatenate(parts)


def diarize(samples: Samples, size: int, max_speakers: int | None = None) -> list[Turn]:
    """Turns when `samples` come in pushes of `size`."""
    stream = MoonshineDiarizer(TwoTones(), max_speakers).open()  # type: ignore[arg-type]
    for start in range(0, len(samples), size):
        stream.push(samples[start : start + size])
    return stream.end()


def test_turns_are_where_the_voices_are() -> None:
    turns = diarize(conversation(), RATE_HZ)
    assert [turn.speaker for turn in turns] == ["S1", "S2", "S1", "S2", "S1"]
    bounds = [(0, 2), (2.5, 6.5), (6.5, 9.5), (10, 12), (12, 15)]
    for turn, (start_s, end_s) in zip(turns, bounds, strict=True):
        assert turn.start_samples == pytest.approx(start_s * RATE_HZ, abs=600)
        assert turn.end_samples == pytest.approx(end_s * RATE_HZ, abs=600)
    assert turns[-1].end_samples <= len(conversation())


@pytest.mark.parametrize("size", [1, 7, 160, 320, 512, 159_999, 160_001])
def test_turns_do_not_depend_on_the_cut(size: int) -> None:
    samples = conversation()
    assert diarize(samples, size) == diarize(samples, len(samples))


@pytest.mark.parametrize("seconds", [0, 0.02, 0.03, 0.1, 9.99, 10, 10.001, 11])
def test_any_length_gives_sorted_turns_within_it(seconds: float) -> None:
    samples = np.resize(conversation(), round(seconds * RATE_HZ))
    turns = diarize(samples, RATE_HZ)
    assert bool(turns) == (seconds >= 0.2)
    assert all(turn.start_samples < turn.end_samples <= len(samples) for turn in turns)
    assert all(left.end_samples <= right.start_samples for left, right in pairwise(turns))


def test_at_most_one_speaker() -> None:
    assert {turn.speaker for turn in diarize(conversation(), RATE_HZ, max_speakers=1)} == {"S1"}


def test_the_caller_may_reuse_its_buffer() -> None:
    samples = conversation()
    stream = MoonshineDiarizer(TwoTones()).open()  # type: ignore[arg-type]
    buffer = np.empty(RATE_HZ, dtype=np.float32)
    for start in range(0, len(samples), RATE_HZ):
        part = samples[start : start + RATE_HZ]
        buffer[: len(part)] = part
        stream.push(buffer[: len(part)])
        buffer[:] = 1
    assert stream.end() == diarize(samples, RATE_HZ)


def voices(counts: list[int], spread: float, seed: int = 5) -> NDArray[np.float64]:
    """Embeddings of speakers who lie on axes of their own, with noise."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(counts)), counts)
    noise = rng.normal(0, spread / np.sqrt(PLDA_SIZE), (len(owners), EMBEDDING_SIZE))
    return np.eye(EMBEDDING_SIZE)[owners] + noise


@pytest.mark.parametrize("counts", [[1], [30], [30, 30], [60, 20, 15]])
def test_speakers_are_counted(counts: list[int]) -> None:
    speakers = find_speakers(voices(counts, 0.3), PLDA, interval_s=2)
    assert speakers.shape == (len(counts), EMBEDDING_SIZE)
    found = unit(speakers)[:, : len(counts)].argmax(axis=1)
    assert sorted(found) == list(range(len(counts)))


def test_a_cap_joins_the_most_alike() -> None:
    points = voices([30, 30, 30], 0.2)
    points[60:] = points[60:] + np.eye(EMBEDDING_SIZE)[0] * 0.5
    speakers = unit(find_speakers(points, PLDA, interval_s=2, max_speakers=2))
    assert len(speakers) == 2
    assert sorted(speakers[:, 1].round()) == [0, 1]


def test_many_embeddings_are_thinned_and_still_counted() -> None:
    half = 2 * MOST_TRAINED
    assert len(find_speakers(voices([half, half], 0.2), PLDA, interval_s=2)) == 2


def test_filter_banks_show_where_a_tone_is() -> None:
    low, high = filter_banks(tone(400, 1)), filter_banks(tone(4000, 1))
    assert low.shape == (98, BANDS)
    assert low.dtype == np.float32
    # Bands are even in mel: 400 Hz lies at 18 % of them, 4 kHz at 75 %.
    assert abs(np.median(low.argmax(axis=1)) / BANDS - 0.18) < 0.03
    assert abs(np.median(high.argmax(axis=1)) / BANDS - 0.75) < 0.03
    assert np.isfinite(filter_banks(np.zeros(RATE_HZ, dtype=np.float32))).all()


@pytest.mark.extras
def test_filter_banks_are_those_of_kaldi() -> None:
    torch = pytest.importorskip("torch")
    kaldi = pytest.importorskip("torchaudio.compliance.kaldi")
    samples = np.random.default_rng(3).normal(0, 0.1, RATE_HZ).astype(np.float32)
    expected = kaldi.fbank(
        torch.from_numpy(samples)[None] * (1 << 15),
        num_mel_bins=BANDS,
        dither=0.0,
        window_type="hamming",
        use_energy=False,
    )
    assert np.allclose(filter_banks(samples), expected.numpy(), atol=2e-3)


def test_runs_leave_out_silence() -> None:
    assert list(runs(np.array([-1, 0, 0, 1, -1, -1, 1]))) == [(1, 3, 0), (3, 4, 1), (6, 7, 1)]
    assert list(runs(np.array([], dtype=np.int64))) == []


def test_overlapping_spans_become_exclusive() -> None:
    spans = [(1.0, 3.0, 7), (0.0, 2.0, 4), (2.5, 2.8, 4), (3.0, 9.0, 4)]
    assert exclusive(spans, 4 * RATE_HZ) == [
        Turn(0, 2 * RATE_HZ, "S1"),
        Turn(2 * RATE_HZ, 3 * RATE_HZ, "S2"),
        Turn(3 * RATE_HZ, 4 * RATE_HZ, "S1"),
    ]


@pytest.mark.parametrize("seconds", [100, 1_000, 10_000])
def test_a_noisy_voice_stays_one_however_long_the_call(seconds: int) -> None:
    plda = replace(PLDA, psi=np.concatenate([[4.0], np.full(PLDA_SIZE - 1, 0.003)]))
    points = voices([seconds // 2], 1.0)
    assert len(find_speakers(points, plda, interval_s=2)) == 1

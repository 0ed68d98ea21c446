"""What is kept of a mono recording while it is heard: activity and voices, not audio.

Ten-second chunks start every two seconds. Each gives the activity of its local speakers (one byte a frame)
and an embedding of what each of them said last; every fifth one, so that they lie end to end, embeddings of
short single-speaker pieces. Together about 2 KB for each second of audio.

A second of embedded speech costs more than the segmentation of a chunk, so that the cost is how often speech
is embedded: in about two voices and one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.diarization.fbank import FRAME_SAMPLES, STEP_SAMPLES, filter_banks
from models.diarization.networks import (
    CHUNK_FRAMES,
    CHUNK_SAMPLES,
    FRAME_MIDDLE_SAMPLES,
    FRAME_STEP_SAMPLES,
    LOCAL_SPEAKERS,
    Networks,
)
from models.types import RATE_HZ, Samples

HOP_SAMPLES = 2 * RATE_HZ
"""Measured on windows of calls: speakers are counted as well with a voice each 2 s as each second, and better
than each 4 s."""
FEW_CHUNKS = 6
"""A recording of fewer gives voices at its end too; a longer one has enough, and its end is sooner known."""
PIECES_EVERY_HOPS = CHUNK_SAMPLES // HOP_SAMPLES
PIECE_FRAMES = 118
"""A piece is at most 2 s, so that one local speaker who is two people comes apart."""
LEAST_PIECE_FRAMES = 35
"""And at least 0.6 s: a shorter one does not tell who it is."""
LEAST_VOICE_FRAMES = 6
MOST_VOICE_FRAMES = 237
"""A voice is embedded from its last 4 s: speakers are counted as well as from all ten, for half the cost."""
CONTEXT_FRAMES = 10
"""Feature frames around speech that the embedding network may see but does not count."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One local speaker of one chunk; `clean_frames` are those without anybody else."""

    chunk: int
    local: int
    clean_frames: int
    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """A short stretch of one speaker, in frames of the whole recording."""

    start_frame: int
    end_frame: int
    embedding: NDArray[np.float32]


@dataclass(slots=True)
class Hearing:
    """All that was heard. `activity` has one array (CHUNK_FRAMES,) a chunk, bit k for local speaker k."""

    activity: list[NDArray[np.uint8]] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    covered_frames: int = 0

    def active(self) -> NDArray[np.bool_]:
        """Who is active in each chunk, shape (chunks, CHUNK_FRAMES, LOCAL_SPEAKERS), chunks > 0."""
        bits = np.unpackbits(np.stack(self.activity)[..., None], axis=2, bitorder="little")
        return bits[..., :LOCAL_SPEAKERS].astype(np.bool_)


def first_frame(chunk: int) -> int:
    """Where a chunk's frames begin among those of the recording."""
    return round(chunk * HOP_SAMPLES / FRAME_STEP_SAMPLES)


def hear(hearing: Hearing, networks: Networks, audio: Samples, last: bool) -> None:
    """Take the next chunk, shape (n,), 0 < n <= CHUNK_SAMPLES; shorter only where it is the last.

    Raises `EngineError`.
    """
    chunk = len(hearing.activity)
    voices_due = not last or chunk < FEW_CHUNKS
    pieces_due = chunk % PIECES_EVERY_HOPS == 0 or last
    _take(hearing, networks, audio, voices_due, pieces_due)


def glimpse(hearing: Hearing, networks: Networks, audio: Samples) -> Hearing:
    """What was heard, and what can be said at little cost of the chunk that is not full.

    Embeds voices only where there are none yet. Leaves `hearing` as it is. Raises `EngineError`.
    """
    seen = replace(hearing, activity=[*hearing.activity], voices=[*hearing.voices])
    _take(seen, networks, audio, voices_due=not hearing.voices, pieces_due=False)
    return seen


def _take(hearing: Hearing, networks: Networks, audio: Samples, voices_due: bool, pieces_due: bool) -> None:
    chunk = len(hearing.activity)
    padded = np.zeros(CHUNK_SAMPLES, dtype=np.float32)
    padded[: len(audio)] = audio
    active = networks.segment(padded)
    active[_frames_within(len(audio)) :] = False
    hearing.activity.append(np.packbits(active, axis=1, bitorder="little")[:, 0])
    if not active.any() or len(audio) < FRAME_SAMPLES or not (voices_due or pieces_due):
        return
    features = filter_banks(audio)
    features -= features.mean(axis=0)
    if voices_due:
        hearing.voices.extend(_voices(chunk, active, features, networks))
    if pieces_due:
        begin = first_frame(chunk)
        alone = _alone(active)
        alone[: max(0, hearing.covered_frames - begin)] = -1
        hearing.pieces.extend(_pieces(begin, alone, features, networks))
        hearing.covered_frames = begin + CHUNK_FRAMES


def runs(labels: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Start, end and value of each stretch of equal values, those with -1 left out."""
    edges = np.flatnonzero(np.diff(labels)) + 1
    bounds = [0, *edges.tolist(), len(labels)]
    for start, end in pairwise(bounds):
        if end > start and labels[start] >= 0:
            yield start, end, int(labels[start])


def _frames_within(samples: int) -> int:
    return max(0, -(-(samples - FRAME_MIDDLE_SAMPLES) // FRAME_STEP_SAMPLES))


def _alone(active: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The only active local speaker of each frame, else -1."""
    return np.where(active.sum(axis=1) == 1, active.argmax(axis=1), -1)


def _voices(
    chunk: int, active: NDArray[np.bool_], features: NDArray[np.float32], networks: Networks
) -> Iterator[Voice]:
    middles = np.arange(len(features)) * STEP_SAMPLES + FRAME_SAMPLES // 2 - FRAME_MIDDLE_SAMPLES
    nearest = np.clip(np.rint(middles / FRAME_STEP_SAMPLES).astype(np.int64), 0, CHUNK_FRAMES - 1)
    alone = _alone(active)
    for local in range(LOCAL_SPEAKERS):
        clean_frames = int((alone == local).sum())
        mask = alone == local if clean_frames >= LEAST_VOICE_FRAMES else active[:, local]
        spoken = np.flatnonzero(mask)
        if len(spoken) < LEAST_VOICE_FRAMES:
            continue
        taken = np.isin(np.arange(CHUNK_FRAMES), spoken[-MOST_VOICE_FRAMES:])
        weights = taken[nearest].astype(np.float32)
        near = np.convolve(weights, np.ones(2 * CONTEXT_FRAMES + 1), mode="same") > 0
        if weights.any():
            yield Voice(chunk, local, clean_frames, networks.embed(features[near], weights[near]))


def _pieces(
    begin: int, alone: NDArray[np.int64], features: NDArray[np.float32], networks: Networks
) -> Iterator[Piece]:
    per_frame = FRAME_STEP_SAMPLES / STEP_SAMPLES
    for run_start, run_end, _ in runs(alone):
        parts = -(-(run_end - run_start) // PIECE_FRAMES)
        bounds = np.linspace(run_start, run_end, parts + 1).round().astype(int).tolist()
        for start, end in pairwise(bounds):
            first = max(0, round(start * per_frame) - CONTEXT_FRAMES)
            near = features[first : round(end * per_frame) + CONTEXT_FRAMES]
            if end - start >= LEAST_PIECE_FRAMES and len(near):
                weights = np.ones(len(near), dtype=np.float32)
                yield Piece(begin + start, begin + end, networks.embed(near, weights))

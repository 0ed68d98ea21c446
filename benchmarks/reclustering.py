"""What re-clustering of the embedded diarizer costs as a call grows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.table import Table

from models.diarization.hearing import HOP_SAMPLES, Hearing, first_frame, hear
from models.diarization.networks import CHUNK_FRAMES, CHUNK_SAMPLES, Networks, open_networks
from models.diarization.timeline import decide
from models.types import RATE_HZ, Samples

LENGTHS_MIN = (2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
ROUNDS = 5


def growth(recordings: Sequence[Samples], minutes: float) -> Table:
    """Seconds to decide on calls of growing length, the shortest of some rounds.

    Hears `minutes` of the recordings end to end. Longer calls hold the same again and again.
    """
    networks = open_networks()
    heard = listen(np.concatenate(recordings)[: round(minutes * 60 * RATE_HZ)], networks)
    table = Table("minutes", "heard", "embeddings", "turns", "re-clustering s", title="as a call grows")
    for length in LENGTHS_MIN:
        call = first_chunks(heard, round(length * 60 * RATE_HZ / HOP_SAMPLES))
        seconds = []
        for _ in range(ROUNDS):
            started_s = time.perf_counter()
            turns = decide(call, networks.plda, round(length * 60 * RATE_HZ), None)
            seconds.append(time.perf_counter() - started_s)
        own = "all of it" if length <= minutes else f"{minutes:g} minutes repeated"
        embeddings = len(call.voices) + len(call.pieces)
        table.add_row(f"{length:g}", own, str(embeddings), str(len(turns)), f"{min(seconds):.3f}")
    return table


def listen(samples: Samples, networks: Networks) -> Hearing:
    """All whole chunks of a recording of shape (n,)."""
    hearing = Hearing()
    for start in range(0, len(samples) - CHUNK_SAMPLES + 1, HOP_SAMPLES):
        hear(hearing, networks, samples[start : start + CHUNK_SAMPLES], last=False)
    return hearing


def first_chunks(heard: Hearing, chunks: int) -> Hearing:
    """So many chunks of what was heard, from its start again where it is too short."""
    call = Hearing()
    while len(call.activity) < chunks:
        offset = len(call.activity)
        begin, end = first_frame(offset), first_frame(chunks - 1) + CHUNK_FRAMES
        call.activity += heard.activity[: chunks - offset]
        call.voices += [
            replace(voice, chunk=voice.chunk + offset)
            for voice in heard.voices
            if voice.chunk + offset < chunks
        ]
        moved = [
            replace(piece, start_frame=piece.start_frame + begin, end_frame=piece.end_frame + begin)
            for piece in heard.pieces
        ]
        call.pieces += [piece for piece in moved if piece.end_frame <= end]
    return call

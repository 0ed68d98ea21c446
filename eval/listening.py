"""Recordings played to a live server as calls, and what its followers saw: what latency is measured on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eval.latency import LatencyScores, Seen, score, stretches
from eval.references import Reference
from models.types import Samples
from pipeline.client import Recording, Sending, Target, follow_call, read_recording
from pipeline.config import Config
from pipeline.doors.files import blocks, probe
from pipeline.web.background import running, temporary_service

PATIENT_MS = 600_000


@dataclass(slots=True)
class Played:
    """One call as it was followed."""

    reference: Reference
    seen: list[Seen] = field(default_factory=list)
    code: str = ""


def listen(
    config: Config, references: Sequence[Reference], at_once: int, advance: Callable[[], None]
) -> list[tuple[Reference, LatencyScores]]:
    """Play each recording in real time to a server in this process. Raises `WrapupError`."""
    # However late texts come, it is measured and no call refused.
    live = config.live.model_copy(update={"promise_ms": PATIENT_MS})
    config = config.model_copy(update={"live": live})
    with temporary_service(config) as service, running(service) as address:
        return asyncio.run(_listen(Target(f"ws://{address}"), config, references, at_once, advance))


async def _listen(
    target: Target,
    config: Config,
    references: Sequence[Reference],
    at_once: int,
    advance: Callable[[], None],
) -> list[tuple[Reference, LatencyScores]]:
    places = asyncio.Semaphore(at_once)
    endpoint = config.endpoint.settings()

    async def one(number: int, reference: Reference) -> tuple[Reference, LatencyScores]:
        async with places:
            recording = await asyncio.to_thread(read_recording, reference.audio, f"call-{number}", {})
            played = await play(target, recording, reference)
        advance()
        audio = await asyncio.to_thread(_heard, reference.audio)
        return reference, score(stretches(reference.segments, audio), played.seen, endpoint)

    return await asyncio.gather(*(one(number, reference) for number, reference in enumerate(references)))


def _heard(path: Path) -> Samples:
    """A file's audio at `RATE_HZ`, shape (channels, n)."""
    return np.concatenate(list(blocks(probe(path))), axis=1)


async def play(target: Target, recording: Recording, reference: Reference, factor: float = 1.0) -> Played:
    """Send one call and follow it."""
    played = Played(reference)
    sending = Sending(target, recording, factor)
    arrivals: list[tuple[float, dict[str, Any]]] = []

    def told(envelope: dict[str, Any]) -> None:
        arrivals.append((time.monotonic(), envelope["event"]))

    following = asyncio.create_task(follow_call(target, recording.call_id, told))
    try:
        played.code = await sending.run()
        await following
    finally:
        following.cancel()
    began_s = sending.began_s or 0.0
    played.seen = [Seen(at_s - began_s, event) for at_s, event in arrivals]
    return played

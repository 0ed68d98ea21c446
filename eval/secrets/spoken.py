"""The same items spoken by flite and read back by the engine: what remains to be read of them.

flite (Debian's package) gives the voices; 8 kHz, a channel a side, room tone before, between and after.
"""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from eval.secrets.items import Entity, Generator, Item
from eval.secrets.scoring import CHANNELS
from eval.secrets.visible import count_numbers, said, visible_signs
from models.errors import EngineError
from pipeline.app import Pipeline
from pipeline.formats.call_json import CallDocument, Utterance

RATE_HZ = 8_000
VOICES = ("awb", "kal16", "rms", "slt")
SPEECH_DBFS = -23.0
ROOM_DBFS = -62.0
LEAST_PAUSE_S = 0.8
"""Longer than what ends an utterance, so that each turn is one of its own."""
AROUND_S = 1.0

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpokenCounts:
    """Items that were spoken; `open` of them have something to read without the mask, `leaks` behind it.

    `said` are the number words of the secrets, `heard` those that the engine wrote in their place without
    the mask, `shown` behind it.
    """

    items: int = 0
    open: int = 0
    leaks: int = 0
    said: int = 0
    heard: int = 0
    shown: int = 0

    @property
    def rate(self) -> float | None:
        """Leaks an item; None without an item."""
        return self.leaks / self.items if self.items else None

    @property
    def share(self) -> float | None:
        """Number words shown for each one said; None where none was said."""
        return self.shown / self.said if self.said else None

    def __add__(self, other: SpokenCounts) -> SpokenCounts:
        return SpokenCounts(
            self.items + other.items,
            self.open + other.open,
            self.leaks + other.leaks,
            self.said + other.said,
            self.heard + other.heard,
            self.shown + other.shown,
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """An item as sound, shape (2, n), and the seconds in which its secret is said: (channel, from, to)."""

    samples: Samples
    secret: tuple[tuple[int, float, float], ...]


def check_flite() -> None:
    """Raise `EngineError` where there is no flite."""
    if shutil.which("flite") is None:
        raise EngineError("spoken items need flite: apt-get install flite")


def speakable(item: Item) -> bool:
    """Whether its words are as people say them: how an engine writes numbers cannot be read aloud."""
    return not any(
        letter.isdigit() or letter in "@_-"
        for turn in item.turns
        for word in turn.words
        for letter in word.text
    )


def spoken_items(
    generators: Sequence[Generator], entities: Sequence[Entity], count: int, seed: int
) -> Iterator[Item]:
    """So many items that can be spoken, of each entity and generator in turn."""
    rows = [
        filter(speakable, generate(entity, 40 * count + 40, seed))
        for entity in entities
        for generate in generators
    ]
    in_turn = (item for row in zip(*rows, strict=False) for item in row)
    yield from islice(in_turn, count)


def speak(item: Item) -> Recording:
    """An item in two voices, by chance that depends on it alone. Raises `EngineError`."""
    rng = Random(item.id)
    voices = rng.sample(VOICES, 2)
    parts: list[tuple[int, int, Samples]] = []
    secret: list[tuple[int, float, float]] = []
    at = round(AROUND_S * RATE_HZ)
    for turn in item.turns:
        channel = CHANNELS[turn.role]
        at += round(max(turn.pause_s, LEAST_PAUSE_S) * RATE_HZ)
        speech = _flite(voices[channel], turn.text)
        parts.append((channel, at, speech))
        if any(word.secret for word in turn.words):
            secret.append((channel, at / RATE_HZ, (at + len(speech)) / RATE_HZ))
        at += len(speech)
    samples = _room(at + round(AROUND_S * RATE_HZ), crc32(item.id.encode()))
    for channel, start, speech in parts:
        samples[channel, start : start + len(speech)] += speech
    return Recording(samples, tuple(secret))


def _flite(voice: str, text: str) -> Samples:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "turn.wav"
        try:
            command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
            subprocess.run(command, check=True, capture_output=True)
            with wave.open(str(path)) as file:
                rate_hz = file.getframerate()
                read = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768
        except (OSError, subprocess.CalledProcessError, wave.Error) as error:
            raise EngineError("flite could not speak a turn") from error
    speech: Samples = resample_poly(read, RATE_HZ, rate_hz)
    loudness = np.sqrt(np.mean(speech**2)) or 1.0
    return speech * (10 ** (SPEECH_DBFS / 20) / loudness)


def _room(length: int, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal((2, length)) * 10 ** (ROOM_DBFS / 20)


def write_wav(samples: Samples, path: Path) -> None:
    """Both channels as 16-bit PCM."""
    packed = np.clip(np.rint(samples.T * 32_768), -32_768, 32_767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(packed.tobytes())


def score_spoken(item: Item, recording: Recording, masked: CallDocument, plain: CallDocument) -> SpokenCounts:
    """One item by what can be read with the mask and without."""
    shown, heard = (_texts_of(document, recording) for document in (masked, plain))
    return SpokenCounts(
        items=1,
        open=int(any(visible_signs(item, heard))),
        leaks=int(any(visible_signs(item, shown))),
        said=said(item).numbers,
        heard=count_numbers(heard),
        shown=count_numbers(shown),
    )


def _texts_of(document: CallDocument, recording: Recording) -> list[str]:
    """Utterances of which the greater part lies in the time in which the secret was said."""
    return [
        each.text for each in document.utterances if any(_covers(*span, each) for span in recording.secret)
    ]


def _covers(channel: int, start_s: float, end_s: float, utterance: Utterance) -> bool:
    shared_s = min(end_s, utterance.end_s) - max(start_s, utterance.start_s)
    return channel == utterance.channel and shared_s > (utterance.end_s - utterance.start_s) / 2


def run_spoken(
    items: Iterator[Item], masked: Pipeline, plain: Pipeline, done: Callable[[], None]
) -> dict[Entity, SpokenCounts]:
    """Speak, read back with the mask and without, and count. Raises `WrapupError`."""
    counts: dict[Entity, SpokenCounts] = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "item.wav"
        for item in items:
            recording = speak(item)
            write_wav(recording.samples, path)
            documents = [pipeline.process(path, item.id).document for pipeline in (masked, plain)]
            found = score_spoken(item, recording, *documents)
            counts[item.entity] = counts.get(item.entity, SpokenCounts()) + found
            done()
    return counts

"""Audio of a call on its way: the buffer that jobs cut from, and the ear that scores it for voice."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import deque
from dataclasses import dataclass

import numpy as np

from models.ports import VAD_WINDOW_SAMPLES, VoiceActivity
from models.types import Samples
from pipeline.core.events import Heard

GATE_RMS = 10 ** (-60 / 20)
"""Windows quieter than -60 dBFS are silence without asking the engine: line noise of a real call is louder
than that only where speech is, and digital silence costs nothing."""

GATE_HANG_WINDOWS = 16
"""The engine hears half a second more after the last loud window, so that its score can fall by itself."""


class ChannelBuffer:
    """The samples of one channel that may still be asked for, by their place in the call."""

    def __init__(self, start_samples: int = 0) -> None:
        self._blocks: deque[tuple[int, Samples]] = deque()
        self.end_samples = start_samples

    def append(self, samples: Samples) -> None:
        """More audio, shape (n,), right after what is here."""
        if len(samples):
            self._blocks.append((self.end_samples, samples))
            self.end_samples += len(samples)

    @property
    def start_samples(self) -> int:
        """The first sample that is here."""
        return self._blocks[0][0] if self._blocks else self.end_samples

    def drop_before(self, start_samples: int) -> None:
        """Forget blocks that end at or before `start_samples`."""
        while self._blocks and self._blocks[0][0] + len(self._blocks[0][1]) <= start_samples:
            self._blocks.popleft()

    def cut(self, start_samples: int, end_samples: int) -> Samples:
        """A copy of [start_samples, end_samples). Raises `LookupError` where that was dropped."""
        if not self._blocks or start_samples < self._blocks[0][0] or end_samples > self.end_samples:
            raise LookupError(f"audio [{start_samples}, {end_samples}) is not in the buffer")
        parts = [
            block[max(0, start_samples - at) : end_samples - at]
            for at, block in self._blocks
            if at < end_samples and at + len(block) > start_samples
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def __len__(self) -> int:
        return sum(len(block) for _, block in self._blocks)


@dataclass(frozen=True, slots=True)
class EarState:
    """What an ear remembers beside the window that it has not finished; `engine` in base 64."""

    open_for: int
    engine: str


class Ear:
    """Voice scores of one channel: cuts windows, keeps silence from the engine behind an energy gate.

    What it gives does not depend on how the audio was cut. An ear that goes on for one that was lost, which
    had heard `heard_samples`, has its `state`, and the end of what it heard (`before`); without a state it
    listens to that again without giving scores. Raises `EngineError` for the state of another engine.
    """

    def __init__(
        self,
        channel: int,
        engine: VoiceActivity,
        heard_samples: int = 0,
        before: Samples | None = None,
        state: EarState | None = None,
    ) -> None:
        self._channel = channel
        self._stream = engine.open()
        self._open_for = 0
        rest = heard_samples % VAD_WINDOW_SAMPLES
        heard = before if before is not None else np.zeros(0, np.float32)
        self._rest = np.pad(heard[len(heard) - min(rest, len(heard)) :], (max(0, rest - len(heard)), 0))
        if state is not None:
            self._open_for = state.open_for
            self._stream.restore(b64decode(state.engine))
            return
        warm = heard[: max(0, len(heard) - rest)]
        self._scores(warm[len(warm) % VAD_WINDOW_SAMPLES :])

    def state(self) -> EarState:
        """For an ear that is to go on for this one."""
        return EarState(self._open_for, b64encode(self._stream.state()).decode())

    def push(self, samples: Samples) -> Heard:
        """More audio, shape (n,)."""
        audio = np.concatenate([self._rest, samples])
        whole = len(audio) // VAD_WINDOW_SAMPLES * VAD_WINDOW_SAMPLES
        self._rest = audio[whole:]
        return Heard(self._channel, len(samples), self._scores(audio[:whole]))

    def end(self) -> Heard:
        """The audio is over: the score of the window that it left unfinished."""
        if not len(self._rest):
            return Heard(self._channel, 0, ())
        last = np.pad(self._rest, (0, VAD_WINDOW_SAMPLES - len(self._rest)))
        self._rest = np.zeros(0, np.float32)
        return Heard(self._channel, 0, self._scores(last))

    def _scores(self, audio: Samples) -> tuple[float, ...]:
        windows = audio.reshape(-1, VAD_WINDOW_SAMPLES)
        loud = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1)) >= GATE_RMS
        heard = self._gate(loud)
        scores = np.zeros(len(windows), np.float32)
        if heard.any():
            scores[heard] = self._stream.score(windows[heard])
        return tuple(float(score) for score in scores)

    def _gate(self, loud: np.ndarray) -> np.ndarray:
        heard = np.zeros(len(loud), bool)
        for index, is_loud in enumerate(loud):
            self._open_for = GATE_HANG_WINDOWS if is_loud else max(0, self._open_for - 1)
            heard[index] = self._open_for > 0
        return heard

"""The embedded diarizer: the speaker networks that the wheel of moonshine-voice carries, run here.

The pipeline is that of pyannote community-1 (segmentation, embeddings, VBx) with embeddings where they are
needed instead of everywhere, and a last look at each short piece. `moonshine:2` allows two speakers at most;
`moonshine:package` asks the package's own C++ instead, for comparison and for platforms whose library does
not show its networks.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from models.diarization.hearing import HOP_SAMPLES, Hearing, glimpse, hear
from models.diarization.labels import keep_labels
from models.diarization.networks import CHUNK_SAMPLES, Networks, open_networks
from models.diarization.timeline import decide
from models.errors import ConfigError, EngineError
from models.ports import Diarizer
from models.types import Samples, Turn


class MoonshineDiarizer:
    """Tells speakers apart on one channel. Safe to call from several threads; a stream from one at a time."""

    needs_audio = True
    online = True

    def __init__(self, networks: Networks, max_speakers: int | None = None) -> None:
        self._networks = networks
        self._max_speakers = max_speakers
        self.version = f"moonshine:community-1@{version('moonshine-voice')}"

    def open(self) -> MoonshineStream:
        """Start a recording."""
        return MoonshineStream(self._networks, self._max_speakers)


class MoonshineStream:
    """Speakers of one recording. Turns do not depend on how the audio was cut into pushes.

    Holds ten seconds of audio and about 2 KB for each second heard.
    """

    def __init__(self, networks: Networks, max_speakers: int | None) -> None:
        self._networks = networks
        self._max_speakers = max_speakers
        self._hearing = Hearing()
        self._buffer = np.zeros(CHUNK_SAMPLES, dtype=np.float32)
        self._filled = 0
        self._heard_samples = 0
        self._shown: list[Turn] = []
        self._turns: list[Turn] | None = None

    def push(self, samples: Samples) -> None:
        """Hear more audio, shape (n,), n >= 0. Raises `EngineError`, also after `end`."""
        if self._turns is not None:
            raise EngineError("audio was pushed to a diarizer stream that has ended")
        self._heard_samples += len(samples)
        rest = samples
        while len(rest):
            if self._filled == CHUNK_SAMPLES:
                hear(self._hearing, self._networks, self._buffer, last=False)
                self._buffer[:-HOP_SAMPLES] = self._buffer[HOP_SAMPLES:].copy()
                self._filled -= HOP_SAMPLES
            taken = rest[: CHUNK_SAMPLES - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            rest = rest[len(taken) :]

    def so_far(self) -> list[Turn]:
        """Turns until now, as the port says. Raises `EngineError`, also after `end`."""
        if self._turns is not None:
            raise EngineError("a diarizer stream that has ended was asked for turns so far")
        if self._filled:
            seen = glimpse(self._hearing, self._networks, self._buffer[: self._filled])
            turns = decide(seen, self._networks.plda, self._heard_samples, self._max_speakers)
            self._shown = keep_labels(turns, self._shown)
        return list(self._shown)

    def end(self) -> list[Turn]:
        """Turns, as the port says; the same list when called again. Raises `EngineError`."""
        if self._turns is None:
            if self._filled:
                hear(self._hearing, self._networks, self._buffer[: self._filled], last=True)
            self._turns = decide(self._hearing, self._networks.plda, self._heard_samples, self._max_speakers)
            self._hearing = Hearing()
            self._buffer = np.zeros(0, dtype=np.float32)
        return list(self._turns)


def open_engine(argument: str) -> Diarizer:
    """Open `moonshine`, `moonshine:2` (at most two speakers) or `moonshine:package`.

    Raises `ConfigError` for another argument, `MissingWeightsError` or `EngineError`.
    """
    if argument == "package":
        from models.diarization.moonshine_package import PackageDiarizer

        return PackageDiarizer()
    if argument and not (argument.isascii() and argument.isdigit() and int(argument) > 0):
        raise ConfigError(
            f"diarizer moonshine takes a number of speakers or 'package', but got {argument!r}: "
            "write for example moonshine:2"
        )
    return MoonshineDiarizer(open_networks(), int(argument) if argument else None)

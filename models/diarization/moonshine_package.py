"""The package's own diarizer: the C++ of moonshine-voice through its public `Transcriber`.

It streams, re-clusters a window of 120 s, and costs about 0.85 CPU seconds for each second of audio on
the machine where `moonshine` costs 0.2. It stays for comparison and for platforms whose library does not show
its networks. Its own voice activity only cuts the answer into lines, so that is switched off.
"""

from __future__ import annotations

import ctypes
from importlib.metadata import version
from typing import Any

import numpy as np

from models.errors import EngineError, MissingWeightsError
from models.types import RATE_HZ, Samples, Turn

BLOCK_SAMPLES = RATE_HZ
"""Audio goes to the library in blocks of this size however it was pushed: its results depend on the cut."""

_OPTIONS = {
    "identify_speakers": "true",
    "skip_transcription": "true",
    "return_audio_data": "false",
    "vad_threshold": "0",
}
_NEVER_S = 1e9
_FLOATS = ctypes.POINTER(ctypes.c_float)


class PackageDiarizer:
    """Tells speakers apart on one channel; every stream has a native transcriber of its own."""

    needs_audio = True
    online = False
    version = f"moonshine:package@{version('moonshine-voice')}"

    def open(self) -> PackageStream:
        """Start a recording. Raises `MissingWeightsError`."""
        return PackageStream()


class PackageStream:
    """Speakers of one recording."""

    def __init__(self) -> None:
        from moonshine_voice.errors import MoonshineError
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber
        from moonshine_voice.utils import get_model_path

        self._error: type[Exception] = MoonshineError
        try:
            self._transcriber: Any = Transcriber(get_model_path("tiny-en"), ModelArch.TINY, options=_OPTIONS)
            self._stream: Any = self._transcriber.create_stream(update_interval=_NEVER_S)
            self._stream.start()
        except (MoonshineError, OSError) as error:
            raise MissingWeightsError(
                "the library of moonshine-voice cannot be opened: install moonshine-voice again"
            ) from error
        self._pending: list[Samples] = []
        self._pending_samples = 0
        self._heard_samples = 0
        self._turns: list[Turn] | None = None

    def push(self, samples: Samples) -> None:
        """Hear more audio, shape (n,), n >= 0. Raises `EngineError`, also after `end`."""
        if self._turns is not None:
            raise EngineError("audio was pushed to a diarizer stream that has ended")
        self._heard_samples += len(samples)
        self._pending.append(np.array(samples, dtype=np.float32))
        self._pending_samples += len(samples)
        if self._pending_samples >= BLOCK_SAMPLES:
            whole = np.concatenate(self._pending)
            cut = len(whole) - len(whole) % BLOCK_SAMPLES
            for start in range(0, cut, BLOCK_SAMPLES):
                self._give(whole[start : start + BLOCK_SAMPLES])
            self._pending, self._pending_samples = [whole[cut:]], len(whole) - cut

    def so_far(self) -> list[Turn]:
        """No turns before the end."""
        return []

    def end(self) -> list[Turn]:
        """Turns, as the port says; the same list when called again. Raises `EngineError`."""
        if self._turns is None:
            self._turns = exclusive(self._finish(), self._heard_samples)
        return list(self._turns)

    def _give(self, block: Samples) -> None:
        code = self._transcriber._lib.moonshine_transcribe_add_audio_to_stream(
            self._transcriber._handle,
            self._stream._handle,
            block.ctypes.data_as(_FLOATS),
            len(block),
            RATE_HZ,
            0,
        )
        if code != 0:
            raise EngineError(f"moonshine-voice refused audio with code {code}")

    def _finish(self) -> list[tuple[float, float, int]]:
        """Start and end in seconds and speaker. Without an update before the stop there would be none."""
        try:
            if self._pending_samples:
                self._give(np.concatenate(self._pending))
            if self._heard_samples:
                self._stream.update_transcription()
            last = self._stream.stop()
        except self._error as error:
            raise EngineError("moonshine-voice failed to tell speakers apart") from error
        finally:
            self._stream.close()
            self._transcriber.close()
        return [
            (span.start_time, span.start_time + span.duration, span.speaker_index)
            for line in (last.lines if last else [])
            for span in line.speaker_spans or []
        ]


def exclusive(spans: list[tuple[float, float, int]], end_samples: int) -> list[Turn]:
    """Turns that do not overlap, from spans in seconds: who speaks first keeps the floor."""
    names: dict[int, str] = {}
    turns: list[Turn] = []
    free_from = 0
    for start_s, end_s, speaker in sorted(spans):
        start = max(free_from, round(start_s * RATE_HZ))
        end = min(end_samples, round(end_s * RATE_HZ))
        if start < end:
            turns.append(Turn(start, end, names.setdefault(speaker, f"S{len(names) + 1}")))
            free_from = end
    return turns

"""pyannote.audio 4: `pyannote` (community-1 from this machine's weights) or `pyannote:/path/to/pipeline`.

Nothing is ever downloaded here and the library's telemetry is off. The whole recording is needed before the
first answer, so a stream keeps its audio as 16-bit samples in an anonymous temporary file.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

import numpy as np

from models.errors import EngineBusyError, EngineError, MissingWeightsError, WrapupError
from models.types import RATE_HZ, Samples, Turn

WEIGHTS = "pyannote:community-1"
TELEMETRY_VARIABLE = "PYANNOTE_METRICS_ENABLED"
LEAST_SAMPLES = RATE_HZ // 10
"""Shorter recordings hold no turn and trip the filter banks."""

_INT16_SCALE = 32767.0


class PyannoteDiarizer:
    """Tells speakers apart on one channel. One pipeline serves all streams, one at a time."""

    needs_audio = True

    def __init__(self, pipeline: Any, name: str, device: str) -> None:
        self._pipeline = pipeline
        self._lock = Lock()
        self.device = device
        self.version = f"pyannote:{name}@{version('pyannote-audio')}"

    def open(self) -> PyannoteStream:
        """Start a recording."""
        return PyannoteStream(self)

    def turns(self, samples: Samples) -> list[Turn]:
        """Turns of a whole recording of shape (n,). Raises `EngineError`."""
        if len(samples) < LEAST_SAMPLES or not samples.any():
            return []
        import torch

        audio = {"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE_HZ}
        try:
            with self._lock:
                answer = self._pipeline(audio)
        except _foreign() as error:
            raise mapped(error) from error
        return exclusive_turns(answer.exclusive_speaker_diarization, len(samples))


class PyannoteStream:
    """Speakers of one recording; the audio is on disk until the end."""

    def __init__(self, engine: PyannoteDiarizer) -> None:
        self._engine = engine
        self._spool = TemporaryFile()  # noqa: SIM115 - closed by end, or with the stream
        self._turns: list[Turn] | None = None

    def push(self, samples: Samples) -> None:
        """Hear more audio, shape (n,), n >= 0. Raises `EngineError`, also after `end`."""
        if self._turns is not None:
            raise EngineError("audio was pushed to a diarizer stream that has ended")
        scaled = np.clip(samples, -1, 1) * np.float32(_INT16_SCALE)
        try:
            self._spool.write(np.rint(scaled).astype("<i2").tobytes())
        except OSError as error:
            raise EngineBusyError(
                "the temporary folder has no room for a call's audio: free space or set TMPDIR"
            ) from error

    def end(self) -> list[Turn]:
        """Turns, as the port says; the same list when called again. Raises `EngineError`."""
        if self._turns is None:
            with self._spool as spool:
                spool.seek(0)
                stored = np.frombuffer(spool.read(), dtype="<i2")
            self._turns = self._engine.turns(stored.astype(np.float32) / np.float32(_INT16_SCALE))
        return list(self._turns)


def open_engine(argument: str) -> PyannoteDiarizer:
    """Open community-1, or the pipeline in the folder `argument`.

    Raises `ModuleNotFoundError` without the extra (the registry turns it into the command that installs it),
    `MissingWeightsError` or `EngineError`.
    """
    os.environ[TELEMETRY_VARIABLE] = "false"
    import torch
    from pyannote.audio import Pipeline
    from pyannote.audio.telemetry import is_metrics_enabled

    if is_metrics_enabled():
        raise EngineError(f"the telemetry of pyannote.audio is on: unset {TELEMETRY_VARIABLE}")
    folder = _folder(argument)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        pipeline = Pipeline.from_pretrained(folder)
        if pipeline is None:
            raise _unreadable(folder)
        pipeline.to(torch.device(device))
    except _loading_errors() as error:
        raise _unreadable(folder) from error
    return PyannoteDiarizer(pipeline, "community-1" if not argument else folder.name, device)

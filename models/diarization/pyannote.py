"""pyannote.audio 4: `pyannote` (community-1 from this machine's weights) or `pyannote:/path/to/pipeline`.

Nothing is ever downloaded here and the library's telemetry is off. The whole recording is needed before the
first answer, so a stream keeps its audio as 16-bit samples in an anonymous temporary file.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryFile
from threading import Lock
from typing import Any
from weakref import finalize
from zipfile import BadZipFile

import numpy as np

from models.errors import EngineBusyError, EngineError, MissingWeightsError
from models.types import RATE_HZ, Samples, Turn

WEIGHTS = "pyannote:community-1"
TELEMETRY_VARIABLE = "PYANNOTE_METRICS_ENABLED"
CONFIG_FILE = "config.yaml"
LEAST_SAMPLES = RATE_HZ // 10
"""Shorter recordings hold no turn and trip the filter banks."""

_INT16_SCALE = 32767.0
_LOADING_ERRORS = (
    AttributeError,
    EOFError,
    ImportError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
    BadZipFile,
)
"""What a folder that is no pipeline makes the library and its readers raise."""


class PyannoteDiarizer:
    """Tells speakers apart on one channel. One pipeline serves all streams, one at a time."""

    needs_audio = True
    online = False

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
        with self._lock:
            answer = _run(self._pipeline, audio)
        return exclusive_turns(answer.exclusive_speaker_diarization, len(samples))


class PyannoteStream:
    """Speakers of one recording; the audio is on disk until the end."""

    def __init__(self, engine: PyannoteDiarizer) -> None:
        self._engine = engine
        self._spool = TemporaryFile()  # noqa: SIM115 - closed by end, or with the stream
        finalize(self, self._spool.close)
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

    def so_far(self) -> list[Turn]:
        """No turns before the end."""
        return []

    def end(self) -> list[Turn]:
        """Turns, as the port says; the same list when called again. Raises `EngineError`."""
        if self._turns is None:
            with self._spool as spool:
                spool.seek(0)
                stored = np.frombuffer(spool.read(), dtype="<i2")
            self._turns = self._engine.turns(stored.astype(np.float32) / np.float32(_INT16_SCALE))
        return list(self._turns)


def open_engine(argument: str) -> PyannoteDiarizer:
    """Open community-1, or the pipeline in the folder `argument`, which must be trusted: it is unpickled.

    Raises `ModuleNotFoundError` without the extra (the registry turns it into the command that installs it),
    `MissingWeightsError` or `EngineError`.
    """
    os.environ[TELEMETRY_VARIABLE] = "false"
    import torch
    from pyannote.audio import Pipeline
    from pyannote.audio.telemetry.metrics import is_metrics_enabled

    if is_metrics_enabled():
        raise EngineError(
            f"the telemetry of pyannote.audio cannot be switched off: check {TELEMETRY_VARIABLE}"
        )
    folder = _folder(argument)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        _refuse_downloads(folder)
        pipeline = Pipeline.from_pretrained(folder)
        pipeline.to(torch.device(device))
    except _LOADING_ERRORS as error:
        raise EngineError(
            f"{folder} holds no pipeline that pyannote.audio {version('pyannote-audio')} can open: "
            f"check its {CONFIG_FILE} and the files that it names"
        ) from error
    return PyannoteDiarizer(pipeline, folder.name if argument else "community-1", device)


def exclusive_turns(annotation: Any, end_samples: int) -> list[Turn]:
    """Turns within the recording from an annotation without overlap, labels S1, S2 ... by first heard."""
    names: dict[str, str] = {}
    turns: list[Turn] = []
    tracks = annotation.itertracks(yield_label=True)
    for segment, _, label in sorted(tracks, key=lambda track: (track[0].start, track[0].end)):
        start = max(turns[-1].end_samples if turns else 0, round(segment.start * RATE_HZ))
        end = min(end_samples, round(segment.end * RATE_HZ))
        if start < end:
            turns.append(Turn(start, end, names.setdefault(label, f"S{len(names) + 1}")))
    return turns


def _folder(argument: str) -> Path:
    if not argument:
        from models.weights import require_weights

        return require_weights(WEIGHTS)
    folder = Path(argument).expanduser()
    if not (folder / CONFIG_FILE).is_file():
        raise MissingWeightsError(
            f"{folder} has no {CONFIG_FILE}: give the folder of a pyannote.audio pipeline, "
            f"or run: wrapup models pull {WEIGHTS}"
        )
    return folder


def _refuse_downloads(folder: Path) -> None:
    """Every network that the pipeline names must lie on this machine: the library would fetch it."""
    yaml: Any = import_module("yaml")
    try:
        config = yaml.safe_load((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(CONFIG_FILE) from error
    for part in ("segmentation", "embedding", "plda"):
        named = config["pipeline"]["params"].get(part)
        name = named.get("checkpoint") if isinstance(named, dict) else named
        if not isinstance(name, str):
            raise ValueError(part)
        path = folder / name.removeprefix("$model/") if name.startswith("$model/") else Path(name)
        if not path.exists():
            raise MissingWeightsError(
                f"the pipeline in {folder} wants {name}, which is not on this machine: "
                f"put it there, or run: wrapup models pull {WEIGHTS}"
            )


def _run_errors() -> tuple[tuple[type[Exception], type[EngineError], str], ...]:
    """What the pipeline may raise on a recording, most special first: what it becomes, and its message."""
    import torch

    return (
        (
            torch.OutOfMemoryError,
            EngineBusyError,
            "the accelerator has no memory left to tell speakers apart",
        ),
        (MemoryError, EngineBusyError, "not enough memory to tell speakers apart: close something"),
        (RuntimeError, EngineError, "pyannote.audio failed on this audio"),
        (ValueError, EngineError, "pyannote.audio failed on this audio"),
        (IndexError, EngineError, "pyannote.audio failed on this audio"),
    )


def _run(pipeline: Any, audio: dict[str, Any]) -> Any:
    table = _run_errors()
    try:
        return pipeline(audio)
    except tuple(row[0] for row in table) as error:
        kind, message = next((row[1], row[2]) for row in table if isinstance(error, row[0]))
        raise kind(message) from error

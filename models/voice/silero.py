"""Silero's voice activity network, from the ONNX file that the package faster-whisper carries.

The file is found without importing faster_whisper, whose import loads its decoder.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.errors import ConfigError, EngineError, MissingWeightsError
from models.ports import VAD_WINDOW_SAMPLES
from models.types import Samples

FILE = "silero_vad_v6.onnx"
CONTEXT_SAMPLES = 64
"""Samples of the window before that the network sees in front of each window."""

STATE_SHAPE = (1, 1, 128)
"""Shape of each of the two states of its recurrent layer."""


class SileroStream:
    """Voice activity of one channel. One thread at a time."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._context = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)
        self._h = np.zeros(STATE_SHAPE, dtype=np.float32)
        self._c = np.zeros(STATE_SHAPE, dtype=np.float32)

    def score(self, windows: Samples) -> NDArray[np.float32]:
        """See `VoiceActivityStream`.

        The network runs window by window: in groups its answers may differ in their last bits, by the
        processor, and then a decision could depend on how audio arrived. Raises `EngineError`.
        """
        windows = np.asarray(windows, dtype=np.float32)
        if windows.ndim != 2 or windows.shape[1] != VAD_WINDOW_SAMPLES:
            raise EngineError(f"windows have shape (n, {VAD_WINDOW_SAMPLES}), not {windows.shape}")
        scores = np.empty(len(windows), dtype=np.float32)
        for at, window in enumerate(windows):
            scores[at] = self._score_one(window)
        return scores

    def state(self) -> bytes:
        """See `VoiceActivityStream`."""
        return b"".join(np.asarray(part, "<f4").tobytes() for part in (self._context, self._h, self._c))

    def restore(self, state: bytes) -> None:
        """See `VoiceActivityStream`."""
        if len(state) != 4 * (CONTEXT_SAMPLES + 2 * STATE_SHAPE[-1]):
            raise EngineError("no state of Silero's network")
        values = np.frombuffer(state, "<f4").astype(np.float32)
        self._context, h, c = np.split(values, [CONTEXT_SAMPLES, CONTEXT_SAMPLES + STATE_SHAPE[-1]])
        self._h, self._c = h.reshape(STATE_SHAPE), c.reshape(STATE_SHAPE)

    def _score_one(self, window: Samples) -> float:
        heard = np.concatenate([self._context, window])[None]
        score, self._h, self._c = self._session.run(None, {"input": heard, "h": self._h, "c": self._c})
        self._context = window[-CONTEXT_SAMPLES:].copy()
        return float(score[0])


class Silero:
    """One session for all channels."""

    def __init__(self, path: Path, revision: str) -> None:
        self.version = f"silero:v6@faster-whisper-{revision}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        ort = onnxruntime.capi.onnxruntime_pybind11_state
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except (ort.NoSuchFile, ort.InvalidProtobuf, ort.Fail, ort.InvalidArgument) as error:
            raise MissingWeightsError(
                f"{path.name} is missing or damaged: install faster-whisper again"
            ) from error

    def open(self) -> SileroStream:
        """Start a channel."""
        return SileroStream(self._session)


def open_engine(argument: str) -> Silero:
    """Silero's network; `argument` is empty."""
    if argument:
        raise ConfigError(f"silero takes no argument, not {argument!r}")
    spec = find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package faster-whisper is missing", name="faster_whisper")
    try:
        revision = version("faster-whisper")
    except PackageNotFoundError:
        revision = "unknown"
    return Silero(Path(spec.origin).parent / "assets" / FILE, revision)

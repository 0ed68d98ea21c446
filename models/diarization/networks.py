"""The networks of pyannote community-1 as the wheel of moonshine-voice carries them.

The package's native library holds two onnxruntime graphs and the arrays of a PLDA model as exported data.
They are read from there and run here, because the package's own way of running them computes a ten-second
embedding for three speakers every second, four times as dear as what a file needs. Weights:
pyannote/speaker-diarization-community-1 (CC-BY-4.0).
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from models.errors import EngineBusyError, EngineError, MissingWeightsError
from models.types import Samples

CHUNK_SAMPLES = 160_000
"""What the segmentation network hears at once: 10 s."""
CHUNK_FRAMES = 589
"""Its output frames for one chunk."""
FRAME_STEP_SAMPLES = 270
FRAME_MIDDLE_SAMPLES = 496
"""Middle of the first frame's receptive field of 991 samples."""
LOCAL_SPEAKERS = 3
"""Speakers that the segmentation network tells apart within a chunk."""
EMBEDDING_SIZE = 256
PLDA_SIZE = 128

_LIBRARIES = {"linux": "libmoonshine.so", "darwin": "libmoonshine.dylib", "win32": "moonshine.dll"}
_SYMBOL = "_ZN9cppannote19embedded_community1{length}{name}E"
"""Mangled name of a variable in the C++ namespace cppannote::embedded_community1."""

_ORT_ERRORS = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


@dataclass(frozen=True, slots=True)
class PldaArrays:
    """Two-step centring and LDA of raw embeddings, then the two-covariance model that was trained on them.

    `mean_raw` (256,), `lda` (256, 128), `mean_lda` (128,); `mean` (128,), `transform` (128, 128) and `psi`
    (128,): the between-speaker variances where the within-speaker covariance is the identity.
    """

    mean_raw: NDArray[np.float64]
    lda: NDArray[np.float64]
    mean_lda: NDArray[np.float64]
    mean: NDArray[np.float64]
    transform: NDArray[np.float64]
    psi: NDArray[np.float64]


class Networks:
    """Both networks and the PLDA arrays; holds no state of a recording, so any thread may call it."""

    def __init__(self, segmentation: bytes, embedding: bytes, plda: PldaArrays) -> None:
        self._segmentation = _session(segmentation)
        self._embedding = _session(embedding)
        self.plda = plda

    def segment(self, chunk: Samples) -> NDArray[np.bool_]:
        """Who is active in a chunk of shape (CHUNK_SAMPLES,); shape (CHUNK_FRAMES, LOCAL_SPEAKERS).

        Columns have no meaning beyond the chunk.
        """
        answer = _run(self._segmentation, {"waveforms": chunk[None, None]})
        return np.asarray(answer[0] > 0.5)

    def embed(self, features: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Voice of the frames with weight 1, shape (EMBEDDING_SIZE,).

        `features` (n, 80) are centred filter banks, `weights` (n,); frames with weight 0 are only context.
        """
        answer = _run(self._embedding, {"fbank": features[None], "weights": weights[None]})
        return np.asarray(answer[0], dtype=np.float32)


def open_networks() -> Networks:
    """Read the networks from the installed wheel. Raises `MissingWeightsError` or `EngineError`."""
    library = _library()
    try:
        return Networks(
            _bytes(library, "segmentation_ort_data"),
            _bytes(library, "embedding_ort_data"),
            PldaArrays(
                mean_raw=_array(library, "xvec_mean1", ctypes.c_double, (EMBEDDING_SIZE,)),
                lda=_array(library, "xvec_lda", ctypes.c_float, (EMBEDDING_SIZE, PLDA_SIZE)),
                mean_lda=_array(library, "xvec_mean2", ctypes.c_float, (PLDA_SIZE,)),
                mean=_array(library, "plda_mu", ctypes.c_double, (PLDA_SIZE,)),
                transform=_array(library, "plda_tr", ctypes.c_double, (PLDA_SIZE, PLDA_SIZE)),
                psi=_array(library, "plda_psi", ctypes.c_double, (PLDA_SIZE,)),
            ),
        )
    except ValueError as error:
        raise MissingWeightsError(
            f"moonshine-voice {version('moonshine-voice')} does not show its speaker networks on this "
            "platform: use the diarizer moonshine:package"
        ) from error


def _library() -> ctypes.CDLL:
    spec = find_spec("moonshine_voice")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise MissingWeightsError("the package moonshine-voice is not installed: make install")
    path = Path(folders[0]) / _LIBRARIES.get(sys.platform, _LIBRARIES["linux"])
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise MissingWeightsError(
            f"{path.name} of moonshine-voice cannot be loaded: install moonshine-voice again"
        ) from error


def _symbol(name: str) -> str:
    return _SYMBOL.format(length=len(name), name=name)


def _bytes(library: ctypes.CDLL, name: str) -> bytes:
    size = ctypes.c_size_t.in_dll(library, _symbol(f"{name}_size")).value
    return bytes((ctypes.c_ubyte * size).in_dll(library, _symbol(name)))


def _array(library: ctypes.CDLL, name: str, kind: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = (kind * int(np.prod(shape))).in_dll(library, _symbol(name))
    return np.array(values, dtype=np.float64).reshape(shape)


def _session(graph: bytes) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise EngineError(
            "onnxruntime cannot read the speaker networks of moonshine-voice: install the locked versions"
        ) from error


def _run(session: Any, inputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """First item of the only output."""
    try:
        return np.asarray(session.run(None, inputs)[0], dtype=np.float32)
    except MemoryError as error:
        raise EngineBusyError("not enough memory to tell speakers apart: close something") from error
    except _ORT_ERRORS as error:
        raise EngineError("the speaker networks failed on this audio") from error

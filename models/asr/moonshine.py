"""The embedded transcriber: the English tiny model that the package moonshine-voice carries, on onnxruntime.

The package's folder is found without importing it: its import opens an audio device library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from models.asr.biasing import Budget, Hotwords
from models.asr.greedy import GreedyDecoder, Text
from models.asr.guards import Evidence, Limits, judge
from models.asr.tokens import TokenTable
from models.asr.word_times import spread
from models.errors import ConfigError, EngineError, MissingWeightsError
from models.ports import PLAIN, Decoding, TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription, Word

WEIGHTS = "tiny-en"
DISTRIBUTION = "moonshine-voice"

MAX_CLIP_SAMPLES = 30 * RATE_HZ
"""Read speech and calls cut to 30 s are read as well as shorter clips; at 60 s the texts fall into loops."""

MIN_CLIP_SAMPLES = RATE_HZ // 10
"""Under 0.1 s no word fits; the encoder itself needs 895 samples for its first frame."""

TOKENS_PER_S = 6.5
TOKENS_EXTRA = 4
"""A text is cut at this many tokens a second of clip and these: fast talkers reach 6.5 in short clips."""

SILENT = 3e-4
"""A clip whose loudest 10 ms stay below this root mean square (-70 dB of full scale) is not read at all."""

EDGE_SAMPLES = RATE_HZ // 20
EDGE_DB = 25.0
PAD_SAMPLES = 3 * RATE_HZ // 10
"""A clip cut tightly, so that its first or last 50 ms are less than 25 dB below its loudest, gets 0.3 s of
silence on that side: the model writes wrong or invented words for a clip that starts or ends in one."""

HOTWORD_BUDGET = Budget(token_nats=5.0, hotword_nats=10.0)
"""Chosen on 25 invented names in four synthetic voices, of which 59 % came out right instead of 11 %, against
recordings in which none of 50 hotwords is said: with invented names no text of 33 changed, with common first
names and surnames, one token each, 8 of 142, at the same word error rate. With 6 and 10 nats 65 % were right,
and more of the common names stood where they were not said; with 4 and 8 nats, 50 %."""

LIMITS = Limits(foreign_entropy=2.0)
"""Without a language of its own to tell, the model shows another one by how unsure it is. With a mean entropy
over 2.0 in clips of 3 s or more, 2 of 322 English clips were lost; of clips in other languages 331 of 390
synthetic and 38 of 46 real ones were told. The limit was chosen on these very clips. Shorter clips pass as
English, and so do many in Dutch, Turkish and Mandarin; the core judges a call by the share that was told."""


class Moonshine:
    """One encoder and one decoder session for all threads."""

    capabilities = TranscriberCapabilities(
        languages=frozenset({"en"}),
        max_batch=1,
        max_clip_samples=MAX_CLIP_SAMPLES,
        word_times=False,
        drafts=True,
        hotwords=True,
    )

    def __init__(self, folder: Path, revision: str) -> None:
        self.version = f"moonshine:{WEIGHTS}@{revision}"
        self._tokens = TokenTable.read(folder / "tokenizer.bin")
        self._encoder = _open_session(folder / "encoder_model.ort")
        # The tree of a list of hotwords serves all clips of its site.
        self._hotwords = lru_cache(maxsize=8)(
            lambda hotwords: Hotwords(hotwords, self._tokens, HOTWORD_BUDGET)
        )
        self._decoder = GreedyDecoder(_open_session(folder / "decoder_model_merged.ort"))

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """See `Transcriber`. Word times are estimates; confidences are token probabilities."""
        decoding.check_clips(clips)
        return [self._transcribe(np.asarray(clip, dtype=np.float32), decoding) for clip in clips]

    def _transcribe(self, clip: Samples, decoding: Decoding) -> Transcription:
        if clip.ndim != 1:
            raise EngineError(f"a clip has one dimension, this one has {clip.ndim}")
        if not np.isfinite(clip).all():
            raise EngineError("the clip holds samples that are not numbers")
        if _is_silent(clip):
            return Transcription(())
        decoding.check()
        text = self._decode(clip, decoding)
        pieces = self._tokens.words(text.tokens, text.log_probabilities)
        evidence = Evidence(
            [piece.text for piece in pieces], len(clip), text.mean_log_probability, text.mean_entropy
        )
        code = judge(evidence, LIMITS)
        if code != "ok":
            return Transcription((), code=code)
        times = spread(clip, [len(piece.text) for piece in pieces])
        return Transcription(
            tuple(
                Word(piece.text, start, end, min(1.0, math.exp(piece.log_probability)), estimated=True)
                for piece, (start, end) in zip(pieces, times, strict=True)
            ),
            tokens=tuple(text.tokens),
        )

    def _decode(self, clip: Samples, decoding: Decoding) -> Text:
        padded = pad_tight_edges(clip)
        feed = {"input_values": padded[None], "attention_mask": np.ones((1, len(padded)), dtype=np.int64)}
        limit = math.ceil(len(clip) / RATE_HZ * TOKENS_PER_S) + TOKENS_EXTRA
        try:
            states = self._encoder.run(None, feed)[0]
            hotwords = self._hotwords(decoding.hotwords) if decoding.hotwords else None
            return self._decoder.decode(states, limit, decoding, hotwords)
        except _RUNTIME_ERRORS as error:
            raise EngineError(f"onnxruntime failed on a clip of {len(clip)} samples") from error


def open_engine(argument: str) -> Moonshine:
    """The embedded transcriber. `argument` is empty or "tiny-en", the only weights there are."""
    if argument not in ("", WEIGHTS):
        raise ConfigError(f"moonshine has the weights {WEIGHTS!r} only, not {argument!r}")
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package moonshine-voice is missing", name="moonshine_voice")
    folder = Path(spec.origin).parent / "assets" / WEIGHTS
    if not folder.is_dir():
        raise MissingWeightsError(
            f"the installed {DISTRIBUTION} carries no weights {WEIGHTS}: install version 0.0.73 of it again"
        )
    try:
        revision = version(DISTRIBUTION)
    except PackageNotFoundError:
        revision = "unknown"
    return Moonshine(folder, revision)


def pad_tight_edges(clip: Samples) -> Samples:
    """The clip with silence before and after it where it was cut into sound."""
    edges = (clip[:EDGE_SAMPLES], clip[-EDGE_SAMPLES:])
    frames = clip[: len(clip) // EDGE_SAMPLES * EDGE_SAMPLES].reshape(-1, EDGE_SAMPLES)
    bar = float(np.square(frames).mean(axis=1).max()) * 10 ** (-EDGE_DB / 10)
    before, after = (PAD_SAMPLES if float(np.square(edge).mean()) > bar else 0 for edge in edges)
    return np.pad(clip, (before, after))


def _is_silent(clip: Samples) -> bool:
    if len(clip) < MIN_CLIP_SAMPLES:
        return True
    frames = clip[: len(clip) // 160 * 160].reshape(-1, 160)
    return float(np.square(frames).mean(axis=1).max()) < SILENT**2


_ORT = onnxruntime.capi.onnxruntime_pybind11_state
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (_ORT.Fail, _ORT.InvalidArgument, _ORT.RuntimeException)


def _open_session(path: Path) -> Any:
    """A session on one thread: many calls share the cores, so one clip takes one, and does not spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (_ORT.NoSuchFile, _ORT.InvalidProtobuf, *_RUNTIME_ERRORS) as error:
        raise MissingWeightsError(
            f"{path.name} is missing or damaged: install {DISTRIBUTION} again"
        ) from error

"""Whisper through the pipeline of transformers, on the CPU or a GPU.

For checkpoints that were trained or tuned with transformers; faster-whisper is the quicker engine for the
public ones. The checkpoint is a local folder, and nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.asr.guards import Evidence, Limits, judge
from models.asr.word_times import spread
from models.errors import ConfigError, EngineBusyError, EngineError, MissingWeightsError
from models.ports import TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription, Word

MAX_BATCH = 1
"""The pipeline of transformers 5 fails on word times in a batch of clips."""

MAX_CLIP_SAMPLES = 30 * RATE_HZ
MIN_CLIP_SAMPLES = RATE_HZ // 10

_ERRORS = (RuntimeError, ValueError, OSError, KeyError, IndexError, TypeError)
"""What transformers and torch raise on input or a checkpoint that they cannot use."""


class TransformersWhisper:
    """One loaded checkpoint. Calls of several threads take turns inside torch."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        """Load the checkpoint in `folder`. Raises `MissingWeightsError`, `ModuleNotFoundError`."""
        self._limits = limits or Limits()
        self._pipeline = _load(folder)
        config = self._pipeline.model.generation_config
        self._multilingual = bool(getattr(config, "is_multilingual", False))
        self.version = f"transformers:{folder.name}@{version('transformers')}"
        self.capabilities = TranscriberCapabilities(
            languages=None if self._multilingual else frozenset({"en"}),
            max_batch=MAX_BATCH,
            max_clip_samples=MAX_CLIP_SAMPLES,
            word_times=True,
        )

    def transcribe(self, clips: Sequence[Samples]) -> list[Transcription]:
        """See `Transcriber`. Word times come from the cross-attention where the checkpoint names its heads.

        The pipeline tells no probabilities, so words have no confidence and only the guards on text work.
        """
        audios = [np.asarray(clip, dtype=np.float32)[:MAX_CLIP_SAMPLES] for clip in clips]
        for audio in audios:
            if audio.ndim != 1 or not np.isfinite(audio).all():
                raise EngineError("a clip has one dimension and finite samples")
        answers = [Transcription(()) for _ in audios]
        heard = [i for i, audio in enumerate(audios) if len(audio) >= MIN_CLIP_SAMPLES and audio.any()]
        if heard:
            for index, found in zip(heard, self._run([audios[i] for i in heard]), strict=True):
                answers[index] = self._answer(audios[index], found)
        return answers

    def _run(self, audios: Sequence[Samples]) -> list[Mapping[str, Any]]:
        inputs = [{"raw": audio, "sampling_rate": RATE_HZ} for audio in audios]
        try:
            found = self._pipeline(
                inputs,
                batch_size=MAX_BATCH,
                return_timestamps="word",
                return_language=self._multilingual,
            )
        except _ERRORS as error:
            raise _mapped(error) from error
        return list(found)

    def _answer(self, audio: Samples, found: Mapping[str, Any]) -> Transcription:
        words = _words(audio, found)
        languages = [chunk.get("language") for chunk in found.get("chunks", ())]
        language = next((str(name) for name in languages if name), "en")
        code = judge(Evidence([word.text for word in words], len(audio)), self._limits)
        return Transcription(tuple(words), language) if code == "ok" else Transcription((), language, code)


def open_engine(argument: str) -> TransformersWhisper:
    """Open the folder `argument`. Raises `ConfigError`, `MissingWeightsError`, `ModuleNotFoundError`."""
    if not argument:
        raise ConfigError("transformers needs a folder with a Whisper checkpoint: --asr transformers:/path")
    return TransformersWhisper(Path(argument).expanduser())


def _load(folder: Path) -> Any:
    import torch
    from transformers import pipeline

    if not (folder / "config.json").is_file():
        raise MissingWeightsError(f"{folder}: no config.json; expected a Whisper checkpoint of transformers")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return pipeline(
            "automatic-speech-recognition",
            model=str(folder),
            device=device,
            dtype=torch.float16 if device == "cuda" else torch.float32,
        )
    except _ERRORS as error:
        raise MissingWeightsError(f"{folder}: the checkpoint cannot be loaded") from error


def _words(audio: Samples, found: Mapping[str, Any]) -> list[Word]:
    """Words with the pipeline's times, held in the clip; spread where one has none."""
    chunks = [chunk for chunk in found.get("chunks", ()) if str(chunk["text"]).strip()]
    texts = [str(chunk["text"]).strip() for chunk in chunks] or str(found["text"]).split()
    times = [chunk["timestamp"] for chunk in chunks]
    if not times or any(start is None or end is None for start, end in times):
        places = spread(audio, [len(text) for text in texts])
        return [Word(text, *place, None, True) for text, place in zip(texts, places, strict=True)]
    words = []
    earliest = 0
    for text, (start_s, end_s) in zip(texts, times, strict=True):
        start = min(max(round(start_s * RATE_HZ), earliest), len(audio))
        end = min(max(round(end_s * RATE_HZ), start), len(audio))
        earliest = start
        words.append(Word(text, start, end))
    return words


def _mapped(error: Exception) -> EngineError:
    if "out of memory" in str(error).lower():
        return EngineBusyError("Whisper ran out of memory")
    return EngineError(f"Whisper failed ({type(error).__name__})")

"""Whisper through the pipeline of transformers, on the CPU or a GPU.

For checkpoints that were trained or tuned with transformers; faster-whisper is the quicker engine for the
public ones. The checkpoint is a local folder, and nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

from models.asr.guards import Evidence, Limits, judge
from models.asr.whisper import LANGUAGE_TAGS, MAX_CLIP_SAMPLES, Heard, checked, is_silent, place
from models.errors import ConfigError, EngineBusyError, EngineError, MissingWeightsError
from models.ports import PLAIN, Decoding, TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription

MAX_BATCH = 1
"""In a batch the pipeline of transformers 5 fails or gives other word times than for each clip alone."""

_ERRORS = (RuntimeError, ValueError, OSError, KeyError, IndexError, TypeError, MemoryError)
"""What transformers and torch raise on input or a checkpoint that they cannot use."""


class TransformersWhisper:
    """One loaded checkpoint. Calls of several threads take turns: the pipeline keeps state of its call."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        """Load the checkpoint in `folder`. Raises `MissingWeightsError`, `ModuleNotFoundError`."""
        self._limits = limits or Limits()
        self._pipeline = _load(folder)
        self._lock = Lock()
        config = self._pipeline.model.generation_config
        self._multilingual = bool(getattr(config, "is_multilingual", False))
        has_heads = bool(getattr(config, "alignment_heads", None))
        self._timestamps = "word" if has_heads else False
        self.version = f"transformers:{folder.name}@{version('transformers')}"
        self.capabilities = TranscriberCapabilities(
            languages=None if self._multilingual else frozenset({"en"}),
            max_batch=MAX_BATCH,
            max_clip_samples=MAX_CLIP_SAMPLES,
            word_times=has_heads,
        )

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """See `Transcriber`. Word times come from the cross-attention where the checkpoint names its heads.

        The pipeline tells no probabilities, so words have no confidence and only the guards on text work.
        """
        answers = []
        for audio in checked(clips):
            decoding.check()
            silent = is_silent(audio)
            answers.append(Transcription(()) if silent else self._answer(audio, self._run(audio)))
        return answers

    def _run(self, audio: Samples) -> Mapping[str, Any]:
        try:
            return self._call(audio, self._timestamps)
        except _ERRORS as error:
            if not self._timestamps or isinstance(_mapped(error), EngineBusyError):
                raise _mapped(error) from error
        # Asking for word times fails for some texts that come out well without.
        try:
            return self._call(audio, False)
        except _ERRORS as error:
            raise _mapped(error) from error

    def _call(self, audio: Samples, timestamps: str | bool) -> Mapping[str, Any]:
        # The pipeline takes what it reads out of the dictionary.
        inputs = {"raw": audio, "sampling_rate": RATE_HZ}
        with self._lock:
            found: Mapping[str, Any] = self._pipeline(
                inputs, return_timestamps=timestamps, return_language=self._multilingual
            )
        return found

    def _answer(self, audio: Samples, found: Mapping[str, Any]) -> Transcription:
        words = place(audio, _heard(found))
        language = _language(found)
        code = judge(Evidence([word.text for word in words], len(audio)), self._limits)
        return Transcription(words, language) if code == "ok" else Transcription((), language, code)


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


def _heard(found: Mapping[str, Any]) -> list[Heard]:
    """Words with the pipeline's times, or the text's words where it was asked for none."""
    chunks = [chunk for chunk in found.get("chunks", ()) if "timestamp" in chunk]
    if chunks:
        return [Heard(str(chunk["text"]), *chunk["timestamp"]) for chunk in chunks]
    return [Heard(text) for text in str(found["text"]).split()]


def _language(found: Mapping[str, Any]) -> str:
    """The tag of the language that the pipeline names in English; "en" where it names none."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    named = next((str(chunk["language"]) for chunk in found.get("chunks", ()) if chunk.get("language")), "en")
    code = str(TO_LANGUAGE_CODE.get(named, named))
    return LANGUAGE_TAGS.get(code, code)


def _mapped(error: Exception) -> EngineError:
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return EngineBusyError("Whisper ran out of memory")
    return EngineError(f"Whisper failed ({type(error).__name__})")

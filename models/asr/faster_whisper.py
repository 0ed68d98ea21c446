"""Whisper on CTranslate2 through the package faster-whisper.

Clips of one call to `transcribe` are one batch: encoded, decoded and aligned together. int8 on the CPU,
float16 on CUDA, by what CTranslate2 finds. Weights come from a folder or from `wrapup models pull`; nothing
is downloaded here.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.asr.guards import Evidence, Limits, judge
from models.asr.whisper import LANGUAGE_TAGS, MAX_CLIP_SAMPLES, Heard, checked, is_silent, place
from models.catalogue import find
from models.errors import EngineBusyError, EngineError, MissingWeightsError
from models.machine import choose_default_asr, cores
from models.ports import PLAIN, Decoding, TranscriberCapabilities
from models.types import RATE_HZ, Samples, Transcription
from models.weights import require_weights

MAX_BATCH = 8

BEAM_SIZE = 5
"""What Whisper's own figures were measured with."""

TOKENS_PER_S = 12
TOKENS_EXTRA = 16
MAX_TOKENS = 400
"""A text may have so many tokens a second of clip and these, at most MAX_TOKENS (the decoder has 448 places).
Whisper writes 4 to 5 for a second of fast English and more in scripts whose letters take several tokens; a
text that reaches the limit runs in circles."""

MEL_HOP_SAMPLES = 160
"""One frame of the mel spectrogram."""

COMPUTE = {"cpu": "int8", "cuda": "float16"}
PULL = "faster-whisper:small.en"
NEEDED_FILES = ("model.bin", "tokenizer.json", "config.json")
"""Without tokenizer.json the package would ask the hub for one."""


class FasterWhisper:
    """One loaded checkpoint. CTranslate2 takes calls of several threads and runs them in turn."""

    def __init__(
        self,
        folder: Path,
        name: str,
        device: str,
        limits: Limits | None = None,
        language: str | None = None,
    ) -> None:
        """Load the checkpoint in `folder`. Raises `MissingWeightsError` or `EngineError`.

        `language` is Whisper's code of the one language to be read, or None for what the checkpoint is
        for: English, or whatever it detects.
        """
        self._model = _load(folder, device)
        self._limits = limits or Limits()
        self._fixed_language = language if self._model.model.is_multilingual else "en"
        self.version = f"faster-whisper:{name}@{version('faster-whisper')}:{COMPUTE[device]}"
        fixed = self._fixed_language
        self.capabilities = TranscriberCapabilities(
            languages=None if fixed is None else frozenset({LANGUAGE_TAGS.get(fixed, fixed)}),
            max_batch=MAX_BATCH,
            max_clip_samples=MAX_CLIP_SAMPLES,
            word_times=True,
            hotwords=True,
        )

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """See `Transcriber`. Word times come from the cross-attention; confidences are its probabilities.

        Hotwords are the prompt, as the package puts them there: the first 223 tokens of them. A draft has no
        use here: a prefix would be taken as given, and a beam of several texts cannot verify one.
        """
        audios = checked(clips)
        answers = [Transcription(()) for _ in audios]
        heard = [index for index, audio in enumerate(audios) if not is_silent(audio)]
        for start in range(0, len(heard), MAX_BATCH):
            decoding.check()
            batch = heard[start : start + MAX_BATCH]
            try:
                clips_heard = [audios[index] for index in batch]
                found = self._read(clips_heard, self._fixed_language, decoding.hotwords)
            except _ERRORS as error:
                raise _mapped(error) from error
            for index, answer in zip(batch, found, strict=True):
                answers[index] = answer
        return answers

    def _read(
        self, audios: Sequence[Samples], language: str | None, hotwords: Sequence[str]
    ) -> list[Transcription]:
        """Transcriptions of clips with something in them; `language` None: to be detected, each clip's."""
        encoded = self._model.encode(np.stack([self._features(audio) for audio in audios]))
        if language is None:
            languages = [found[0][0].strip("<|>") for found in self._model.model.detect_language(encoded)]
            language = languages[0]
            if len(set(languages)) > 1:
                # CTranslate2 aligns a batch in one language only, and calls rarely mix them.
                return [
                    self._read([audio], code, hotwords)[0]
                    for audio, code in zip(audios, languages, strict=True)
                ]
        return self._decode(audios, encoded, language, hotwords)

    def _features(self, audio: Samples) -> NDArray[np.float32]:
        from faster_whisper.audio import pad_or_trim

        features: NDArray[np.float32] = pad_or_trim(self._model.feature_extractor(audio)[..., :-1])
        return features

    def _decode(
        self, audios: Sequence[Samples], encoded: Any, language: str, hotwords: Sequence[str]
    ) -> list[Transcription]:
        from faster_whisper.tokenizer import Tokenizer

        multilingual = self._model.model.is_multilingual
        tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=language)
        prompt = self._model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=", ".join(hotwords) or None
        )
        room = self._model.max_length - len(prompt)
        most = [min(_most_tokens(audio), room) for audio in audios]
        results = self._model.model.generate(
            encoded,
            [prompt] * len(audios),
            beam_size=BEAM_SIZE,
            max_length=len(prompt) + max(most),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [[token for token in each.sequences_ids[0] if token < tokenizer.eot] for each in results]
        tag = LANGUAGE_TAGS.get(language, language)
        return [
            self._answer(audio, heard, result, tag, limit)
            for audio, heard, result, limit in zip(
                audios, self._align(audios, encoded, tokenizer, tokens), results, most, strict=True
            )
        ]

    def _align(
        self, audios: Sequence[Samples], encoded: Any, tokenizer: Any, tokens: list[list[int]]
    ) -> list[list[Heard]]:
        """The words of each clip, without times where the cross-attention shows none."""
        frames = [max(1, len(audio) // MEL_HOP_SAMPLES) for audio in audios]
        try:
            aligned = self._model.find_alignment(tokenizer, tokens, encoded, frames)
        except (RuntimeError, ValueError, IndexError) as error:
            if isinstance(_mapped(error), EngineBusyError):
                raise
            return [[Heard(text) for text in tokenizer.decode(each).split()] for each in tokens]
        return [_join(pieces, tokenizer.language_code) for pieces in aligned]

    def _answer(
        self, audio: Samples, heard: Sequence[Heard], result: Any, tag: str, most_tokens: int
    ) -> Transcription:
        length = len(result.sequences_ids[0])
        words = place(audio, heard)
        evidence = Evidence(
            [word.text for word in words],
            len(audio),
            # CTranslate2 divides by the tokens without the end of the text, which counts as one here.
            log_probability=result.scores[0] * length / (length + 1),
            no_speech=result.no_speech_prob,
        )
        code = judge(evidence, self._limits)
        if code == "ok" and length >= most_tokens:
            code = "rejected"
        return Transcription(words, tag) if code == "ok" else Transcription((), tag, code)


def open_engine(argument: str) -> FasterWhisper:
    """Open a folder (a path with a slash), a name of the catalogue ("small.en"), or the best weights here.

    Raises `MissingWeightsError`, `EngineError`, and `UnknownEngineError` for a name that the catalogue lacks.
    """
    device = _device()
    if "/" in argument or os.sep in argument:
        folder = Path(argument).expanduser()
        return FasterWhisper(folder, folder.name, device)
    name = argument or _best_here()
    folder = require_weights(f"faster-whisper:{name}")
    # Distilled checkpoints keep the vocabulary of many languages and were trained on one.
    languages = find(f"faster-whisper:{name}").languages
    return FasterWhisper(folder, name, device, language=languages[0] if len(languages) == 1 else None)


def _device() -> str:
    """What CTranslate2 can use: torch may see a device that it does not."""
    import ctranslate2

    try:
        return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    except RuntimeError:
        return "cpu"


def _best_here() -> str:
    chosen, _ = choose_default_asr()
    engine, _, name = chosen.partition(":")
    if engine != "faster-whisper" or not name:
        raise MissingWeightsError(f"no Whisper weights are on this machine: wrapup models pull {PULL}")
    return name


def _load(folder: Path, device: str) -> Any:
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if missing:
        raise MissingWeightsError(f"{folder}: no {', '.join(missing)}; expected a CTranslate2 Whisper model")
    from faster_whisper import WhisperModel
    from faster_whisper.feature_extractor import FeatureExtractor

    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    try:
        model = WhisperModel(
            str(folder),
            device=device,
            compute_type=COMPUTE[device],
            cpu_threads=cores(),
            local_files_only=True,
        )
        if model.feature_extractor.mel_filters.shape[0] != model.model.n_mels:
            # A folder without preprocessor_config.json gets 80 bands; large-v3 hears 128.
            model.feature_extractor = FeatureExtractor(feature_size=model.model.n_mels)
    except Exception as error:  # a damaged tokenizer.json raises the bare class
        known = _known(error)
        raise known or MissingWeightsError(f"{folder}: the model cannot be loaded; pull it again") from error
    return model


def _most_tokens(audio: Samples) -> int:
    return min(MAX_TOKENS, math.ceil(len(audio) / RATE_HZ * TOKENS_PER_S) + TOKENS_EXTRA)


def _join(pieces: Sequence[dict[str, Any]], language: str) -> list[Heard]:
    """Words of the package's pieces, which stand apart where punctuation or, in some scripts, no space is."""
    spaced = language not in _WITHOUT_SPACES
    words: list[list[dict[str, Any]]] = []
    for piece in pieces:
        text = piece["word"]
        parted = text[:1].isspace() or (bool(words) and words[-1][-1]["word"][-1:].isspace())
        if words and not parted and (spaced or not any(letter.isalnum() for letter in text)):
            words[-1].append(piece)
        else:
            words.append([piece])
    return [
        Heard(
            "".join(piece["word"] for piece in word),
            float(word[0]["start"]),
            float(word[-1]["end"]),
            float(np.mean([piece["probability"] for piece in word])),
        )
        for word in words
    ]


_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages that the package splits into characters."""

_ERRORS = (RuntimeError, ValueError, OSError, IndexError, MemoryError)
"""What CTranslate2, the tokenizer and the package raise on a clip."""

_FAULTS: tuple[tuple[str, type[EngineError], str], ...] = (
    ("out of memory", EngineBusyError, "Whisper ran out of memory"),
    ("bad_alloc", EngineBusyError, "Whisper ran out of memory"),
    ("memoryerror", EngineBusyError, "Whisper ran out of memory"),
    (
        "not found or cannot be loaded",
        EngineError,
        "Whisper lacks a library of CUDA: install cuBLAS and cuDNN, or set CUDA_VISIBLE_DEVICES to -1",
    ),
)
"""CTranslate2 tells its faults by their text alone: a part of it, what it becomes and the message."""


def _known(error: Exception) -> EngineError | None:
    told = f"{type(error).__name__} {error}".lower()
    return next((kind(message) for part, kind, message in _FAULTS if part in told), None)


def _mapped(error: Exception) -> EngineError:
    return _known(error) or EngineError(f"Whisper failed ({type(error).__name__})")

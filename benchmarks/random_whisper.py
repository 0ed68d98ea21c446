"""A Whisper with random weights for CTranslate2, of any size, made without torch and without downloads.

It understands nothing. Its matrices have the shapes of the real one, so that each step costs what it costs
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES = 1_500
"""Places of the encoder: 30 s."""
PLACES = 448
"""Places of the decoder."""
SPECIALS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
LANGUAGES = 100
TIMES = 1_501


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a checkpoint; heads are 64 wide in Whisper's own. `text_tokens` are its plain tokens."""

    name: str
    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    mels: int
    text_tokens: int

    @property
    def end(self) -> int:
        """The token that ends a text; specials follow it in Whisper's order."""
        return self.text_tokens

    @property
    def prompt(self) -> list[int]:
        """Start, English, transcribe, no time stamps."""
        language = self.end + 2
        special = language + LANGUAGES
        return [self.end + 1, language, special + 1, special + 5]

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.text_tokens + 2 + LANGUAGES + len(SPECIALS) + TIMES


TURBO = Size("large-v3-turbo", 1_280, 20, 32, 4, 128, 50_257)
TINY = Size("tiny stand-in", 64, 2, 2, 2, 80, 200)


def build(size: Size, folder: Path, quantization: str) -> Path:
    """A CTranslate2 model in `folder`; `quantization` as CTranslate2 names it: "float16", "int8"."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    spec = WhisperSpec(size.encoder_layers, size.heads, size.decoder_layers, size.heads)
    fill = _Filler(np.random.default_rng(0))
    wide, encoder, decoder = size.width, spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = fill.matrix(wide, size.mels, 3), fill.zeros(wide)
    encoder.conv2.weight, encoder.conv2.bias = fill.matrix(wide, wide, 3), fill.zeros(wide)
    encoder.position_encodings.encodings = fill.matrix(FRAMES, wide)
    decoder.embeddings.weight = fill.matrix(size.tokens, wide)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.position_encodings.encodings = fill.matrix(PLACES, wide)
    for half in (encoder, decoder):
        fill.norm(half.layer_norm, wide)
        for layer in half.layer:
            fill.attention(layer.self_attention, wide, (3, 1))
            if half is decoder:
                fill.attention(layer.attention, wide, (1, 2, 1))
            fill.norm(layer.ffn.layer_norm, wide)
            fill.linear(layer.ffn.linear_0, 4 * wide, wide)
            fill.linear(layer.ffn.linear_1, wide, 4 * wide)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = list(range(size.end + 2, size.end + 2 + LANGUAGES))
    spec.config.alignment_heads = [(size.decoder_layers - 1, head) for head in range(size.heads)]
    spec.register_vocabulary(_vocabulary(size))
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    return folder


class _Filler:
    """Random matrices, small enough for half precision; norms and biases that do nothing."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def matrix(self, *shape: int) -> NDArray[np.float32]:
        values = self._generator.standard_normal(shape, np.float32)
        return values * np.float32(shape[1] ** -0.5)

    def zeros(self, length: int) -> NDArray[np.float32]:
        return np.zeros(length, np.float32)

    def norm(self, spec: Any, wide: int) -> None:
        spec.gamma, spec.beta = np.ones(wide, np.float32), self.zeros(wide)

    def linear(self, spec: Any, rows: int, columns: int) -> None:
        spec.weight, spec.bias = self.matrix(rows, columns), self.zeros(rows)

    def attention(self, spec: Any, wide: int, parts: tuple[int, ...]) -> None:
        """`parts`: how many matrices of the width each of its linears holds."""
        self.norm(spec.layer_norm, wide)
        for linear, count in zip(spec.linear, parts, strict=True):
            self.linear(linear, count * wide, wide)


def _vocabulary(size: Size) -> list[str]:
    names = ["endoftext", "startoftranscript", *(f"l{index}" for index in range(LANGUAGES)), *SPECIALS]
    names += [f"{index * 0.02:.2f}" for index in range(TIMES)]
    return [f"t{index}" for index in range(size.text_tokens)] + [f"<|{name}|>" for name in names]

"""Utterances by hand, and what the mask makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from models.types import RATE_HZ, Word
from pipeline.core.redaction import MaskState, mask


def at(texts: Sequence[str], start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    """Words one after another."""
    step = round(word_s * RATE_HZ)
    start = round(start_s * RATE_HZ)
    return [Word(text, start + i * step, start + (i + 1) * step, 0.9) for i, text in enumerate(texts)]


def masked(text: str, state: MaskState | None = None, start_s: float = 0.0) -> str:
    """One utterance after the mask."""
    words, _, _ = mask(at(text.split(), start_s), state or MaskState())
    return " ".join(word.text for word in words)


def conversation(utterances: Sequence[Sequence[str]], state: MaskState | None = None) -> list[str]:
    """Utterances of one channel, a second apart, after the mask."""
    state = state or MaskState()
    said, now_s = [], 0.0
    for texts in utterances:
        words, _, state = mask(at(texts, now_s), state)
        said.append(" ".join(word.text for word in words))
        now_s += 0.3 * len(texts) + 1.0
    return said

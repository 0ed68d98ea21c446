"""The greedy decoder loop over moonshine's merged decoder graph.

The graph (exported with past keys and values) takes the encoder's states, the last token and the keys and
values of what came before. `use_cache_branch` is false at the first step, which also computes the keys and
values of the encoder's states: they hold for the whole text. Afterwards only the decoder's own change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.asr.tokens import END, START

STRIDE_SAMPLES = 384
"""Samples for one encoder frame (convolution strides 64, 3 and 2); the decoder's mask counts samples."""

States = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoded:
    """One text: its tokens without the end token.

    `log_probabilities` and `entropies` (in nats, over the whole vocabulary) have one entry a step, the end
    token's last where there is one. `ended` is false where the limit cut the text off.
    """

    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    entropies: tuple[float, ...]
    ended: bool

    @property
    def mean_log_probability(self) -> float:
        """Mean over all steps."""
        return sum(self.log_probabilities) / len(self.log_probabilities)

    @property
    def mean_entropy(self) -> float:
        """Mean over all steps."""
        return sum(self.entropies) / len(self.entropies)


class GreedyDecoder:
    """Decodes with one shared session; holds no state of a text, so any thread may call it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._pasts = [
            (entry.name, int(entry.shape[1]), int(entry.shape[3]))
            for entry in session.get_inputs()
            if entry.name.startswith("past_key_values.")
        ]
        self._changing = [
            entry.name
            for entry in session.get_outputs()
            if entry.name.startswith("present.") and ".decoder." in entry.name
        ]

    def decode(self, states: States, max_tokens: int) -> Decoded:
        """The likeliest token, again and again, until the end token or `max_tokens` (at least one).

        `states` is the encoder's answer, shape (1, frames, width).
        """
        feed = self._first_feed(states)
        outputs: list[str] | None = None
        tokens: list[int] = []
        log_probabilities: list[float] = []
        entropies: list[float] = []
        while True:
            answers = self._step(feed, outputs)
            token, log_probability, entropy = _choose(answers.pop("logits")[0, -1])
            log_probabilities.append(log_probability)
            entropies.append(entropy)
            if token == END:
                break
            tokens.append(token)
            if len(tokens) >= max_tokens:
                break
            feed.update({name.replace("present", "past_key_values"): kept for name, kept in answers.items()})
            feed["input_ids"] = np.array([[token]], dtype=np.int64)
            if outputs is None:
                feed["use_cache_branch"] = np.array([True])
                outputs = ["logits", *self._changing]
        return Decoded(tuple(tokens), tuple(log_probabilities), tuple(entropies), token == END)

    def _first_feed(self, states: States) -> dict[str, NDArray[Any]]:
        frames = states.shape[1]
        feed: dict[str, NDArray[Any]] = {
            "encoder_attention_mask": np.ones((1, frames * STRIDE_SAMPLES), dtype=np.int64),
            "encoder_hidden_states": states,
            "input_ids": np.array([[START]], dtype=np.int64),
            "use_cache_branch": np.array([False]),
        }
        for name, heads, width in self._pasts:
            length = 0 if ".decoder." in name else frames
            feed[name] = np.zeros((1, heads, length, width), dtype=np.float32)
        return feed

    def _step(self, feed: dict[str, NDArray[Any]], outputs: list[str] | None) -> dict[str, NDArray[Any]]:
        names = outputs or [entry.name for entry in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, feed), strict=True))


def _choose(logits: NDArray[np.float32]) -> tuple[int, float, float]:
    """The likeliest token, its log-probability, and the entropy of the distribution in nats."""
    token = int(logits.argmax())
    below = logits - logits[token]
    weights = np.exp(below)
    total = float(weights.sum())
    log_total = float(np.log(total))
    return token, -log_total, log_total - float(weights @ below) / total

"""The greedy decoder loop over moonshine's merged decoder graph.

The graph (exported with past keys and values) takes the encoder's states, new tokens and the keys and values
of what came before, and gives logits for each new token's successor. `use_cache_branch` is false at the first
step, which also computes the keys and values of the encoder's states: they hold for the whole text.
Afterwards only the decoder's own change.

A draft is verified as in speculative decoding (Leviathan, Kalman and Matias 2023, with an earlier text in
place of a small model): a step takes the newest token and all that the draft has after it, which costs a
fifth of as many single steps; tokens count as long as each is the likeliest at its place, and what the
decoder remembers is cut back to them. Where text and draft come together again, the rest is tried again.

Activations are quantized to 8 bits over all tokens of a step together, so a step of many tokens rounds
otherwise than single ones. The start token's are the largest: it goes alone, which halves the texts that
change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.asr.biasing import Choice, Hotwords, Match
from models.asr.tokens import END, START
from models.ports import PLAIN, Decoding

STRIDE_SAMPLES = 384
"""Samples for one encoder frame (convolution strides 64, 3 and 2); the decoder's mask counts samples."""

SHIFT = 3
"""So many tokens more or fewer than the draft may a text have where it comes together with it again."""

States = NDArray[np.float32]
Logits = NDArray[np.float32]


@dataclass(slots=True)
class Text:
    """A text as it grows: its tokens without the end token.

    `log_probabilities` and `entropies` (in nats, over the whole vocabulary) have one entry a step, the end
    token's last where there is one; both are the model's, without bonuses. `ended` is false while there is no
    end token: where the limit cut the text off. `match` chooses tokens where there are hotwords.
    """

    tokens: list[int] = field(default_factory=list)
    log_probabilities: list[float] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    ended: bool = False
    match: Match | None = field(default=None, compare=False)
    _likeliest: list[float] = field(default_factory=list, compare=False)

    @property
    def mean_log_probability(self) -> float:
        """Mean over all steps."""
        return sum(self.log_probabilities) / len(self.log_probabilities)

    @property
    def mean_entropy(self) -> float:
        """Mean over all steps."""
        return sum(self.entropies) / len(self.entropies)

    def take(self, logits: Logits) -> bool:
        """Add a token, or the end; `logits` has shape (vocabulary,). False when the text does not go on from
        there: it has ended, or its hotword broke off and an earlier token was put in place of it.
        """
        place = len(self.tokens)
        choice = (
            Choice(int(logits.argmax()), place) if self.match is None else self.match.choose(logits, place)
        )
        if choice.place == place:
            self._count(logits, choice.token)
        else:
            del self.tokens[choice.place :], self.log_probabilities[choice.place :]
            del self.entropies[choice.place + 1 :], self._likeliest[choice.place + 1 :]
            self.log_probabilities.append(self._likeliest[-1])
        self.ended = choice.token == END
        if not self.ended:
            self.tokens.append(choice.token)
        return not self.ended and choice.place == place

    def _count(self, logits: Logits, token: int) -> None:
        below = logits - logits.max()
        weights = np.exp(below)
        total = float(weights.sum())
        log_total = float(np.log(total))
        self.log_probabilities.append(float(below[token]) - log_total)
        self.entropies.append(log_total - float(weights @ below) / total)
        self._likeliest.append(-log_total)


class GreedyDecoder:
    """Decodes with one shared session; holds no state of a text, so any thread may call it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._pasts = [
            (entry.name, int(entry.shape[1]), int(entry.shape[3]))
            for entry in session.get_inputs()
            if entry.name.startswith("past_key_values.")
        ]
        self._all = [entry.name for entry in session.get_outputs()]
        self._changing = [name for name in self._all if name.startswith("present.") and ".decoder." in name]

    def decode(
        self, states: States, max_tokens: int, decoding: Decoding = PLAIN, hotwords: Hotwords | None = None
    ) -> Text:
        """The likeliest token, again and again, until the end token or `max_tokens` (at least one).

        `states` is the encoder's answer, shape (1, frames, width); `hotwords` are those of `decoding`.
        Raises `DecodingCancelled`.
        """
        text = Text(match=None if hotwords is None else Match(hotwords))
        fed = [START]
        feed = self._first_feed(states)
        outputs = self._all
        while True:
            decoding.check()
            feed["input_ids"] = np.array([fed], dtype=np.int64)
            answers = dict(zip(outputs, self._session.run(outputs, feed), strict=True))
            _take_while_drafted(text, answers.pop("logits")[0], fed[1:])
            if text.ended or len(text.tokens) >= max_tokens:
                return text
            # What was fed and holds: the start and all tokens but the newest.
            held = len(text.tokens)
            for name, kept in answers.items():
                past = np.ascontiguousarray(kept[:, :, :held]) if ".decoder." in name else kept
                feed[name.replace("present", "past_key_values")] = past
            fed = [text.tokens[-1], *_following(text.tokens, decoding.draft)[: max_tokens - held - 1]]
            if outputs is self._all:
                feed["use_cache_branch"] = np.array([True])
                outputs = ["logits", *self._changing]

    def _first_feed(self, states: States) -> dict[str, NDArray[Any]]:
        frames = states.shape[1]
        feed: dict[str, NDArray[Any]] = {
            "encoder_attention_mask": np.ones((1, frames * STRIDE_SAMPLES), dtype=np.int64),
            "encoder_hidden_states": states,
            "use_cache_branch": np.array([False]),
        }
        for name, heads, width in self._pasts:
            length = 0 if ".decoder." in name else frames
            feed[name] = np.zeros((1, heads, length, width), dtype=np.float32)
        return feed


def _following(tokens: Sequence[int], draft: Sequence[int]) -> Sequence[int]:
    """What the draft has after the newest two tokens (after the first alone), at most `SHIFT` places off."""
    count = len(tokens)
    newest = list(tokens[-2:])
    for shift in sorted(range(-SHIFT, SHIFT + 1), key=abs) if count > 1 else (0,):
        at = count + shift
        if at >= len(newest) and list(draft[at - len(newest) : at]) == newest:
            return draft[at:]
    return ()


def _take_while_drafted(text: Text, logits: Logits, draft: Sequence[int]) -> None:
    """Take tokens while the draft has them too, and one more. `logits` has shape (1 + draft, vocabulary)."""
    for row, drafted in zip(logits, [*draft, None], strict=True):
        if not text.take(row) or text.tokens[-1] != drafted:
            return

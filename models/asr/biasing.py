"""A site's words in greedy decoding: the decoder is steered by a tree of their tokens.

A token that begins or continues a hotword may stand in place of a likelier one, as in shallow fusion with a
tree (Zhao et al. 2019), within a budget for each token and one for the whole hotword. Where the text leaves a
hotword in mid-word after such a choice, the loop goes back to it and takes what the model alone would have
taken: no half names are left behind. The end of a text, punctuation and the rest of a word are never given
up for a hotword's beginning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.asr.tokens import END, TokenTable

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Budget:
    """By how much the model's own token may be likelier than a hotword's, in nats: for one token, and for all
    tokens of a hotword together.
    """

    token_nats: float
    hotword_nats: float


@dataclass(slots=True)
class Node:
    """A place in the tree: what may follow, and whether a hotword ends here."""

    following: dict[int, Node] = field(default_factory=dict)
    ends: bool = False


class Hotwords:
    """A tree of hotwords, made once for a list of them and shared by all texts."""

    def __init__(self, hotwords: Sequence[str], table: TokenTable, budget: Budget) -> None:
        self.root = Node()
        self.table = table
        self.budget = budget
        for hotword in hotwords:
            node = self.root
            for token in table.encode(hotword):
                node = node.following.setdefault(token, Node())
            node.ends = node is not self.root


@dataclass(frozen=True, slots=True)
class Choice:
    """A token and its place; an earlier place than the one asked for takes back what stands from there on."""

    token: int
    place: int


class Match:
    """Follows one text through the tree and chooses its tokens.

    `_steered` is the first choice within the hotword at hand that was not the model's: what the model had
    chosen there. `_left_nats` is what remains of the budget.
    """

    def __init__(self, hotwords: Hotwords) -> None:
        self._hotwords = hotwords
        self._root = hotwords.root
        self._node = hotwords.root
        self._steered: Choice | None = None
        self._left_nats = hotwords.budget.hotword_nats

    def choose(self, logits: Logits, place: int) -> Choice:
        """The token for `place`, the next of the text. `logits` has shape (vocabulary,)."""
        own = int(logits.argmax())
        token = self._within_budget(logits, own)
        node = self._node
        if node.ends and not self._hotwords.table.continues_word(token):
            self._settle()
        follows = token in node.following
        if not follows and self._steered is not None:
            own_then = self._steered
            self._settle()
            self._node = self._root.following.get(own_then.token, self._root)
            return own_then
        if not follows:
            self._settle()
        if token != own:
            self._left_nats -= float(logits[own] - logits[token])
            self._steered = self._steered or Choice(own, place)
        self._node = (node if follows else self._root).following.get(token, self._root)
        return Choice(token, place)

    def _settle(self) -> None:
        """What stands, stands; the next hotword has a budget of its own."""
        self._steered = None
        self._left_nats = self._hotwords.budget.hotword_nats

    def _within_budget(self, logits: Logits, own: int) -> int:
        """The likeliest token of a hotword where the budget reaches to it, else the model's own."""
        node, budget = self._node, self._hotwords.budget
        ways = [] if node is self._root else [(node.following, self._left_nats)]
        if (node is self._root or node.ends) and self._hotwords.table.begins_word(own):
            ways.append((self._root.following, budget.hotword_nats))
        best, least_nats = own, math.inf
        for following, left_nats in ways:
            if following and own != END:
                tokens = np.fromiter(following, np.int64, len(following))
                token = int(tokens[logits[tokens].argmax()])
                short_nats = float(logits[own] - logits[token])
                if short_nats <= min(left_nats, budget.token_nats) and short_nats < least_nats:
                    best, least_nats = token, short_nats
        return best

"""What can be read of an item behind a mask, as counts that add; nothing over nothing is None."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scipy.stats import binomtest

from eval.secrets.items import Item, ItemTurn
from eval.secrets.masks import Mask
from eval.secrets.playing import Spoken
from models.text.tokens import listed

LEVEL = 0.95
CHANNELS = {"agent": 0, "customer": 1, "unknown": 1}
EMPTY_WORDS = frozenset(
    listed(
        "at dot dash hyphen slash underscore point period comma space and of the as in like double triple "
        "street st avenue ave road rd drive dr lane ln court ct boulevard blvd apartment apt unit suite "
        "number com net org edu gov"
    )
)
"""Words of a secret that tell nothing of it where all others are hidden."""


@dataclass(frozen=True, slots=True)
class LeakCounts:
    """Items, and those of which a part of the secret could be read.

    `leaks`: in the transcript as it stands at the end or in any durable event before; `live`: only for a
    moment, in a partial. `others` are the words of turns that are no part of a secret nor between parts of
    one, `hidden` those of them that were masked.
    """

    items: int = 0
    leaks: int = 0
    live: int = 0
    others: int = 0
    hidden: int = 0

    @property
    def rate(self) -> float | None:
        """Leaks an item; None without an item."""
        return self.leaks / self.items if self.items else None

    @property
    def bound(self) -> float | None:
        """The upper end of the two-sided 95 % interval of Clopper and Pearson; None without an item."""
        if not self.items:
            return None
        return float(binomtest(self.leaks, self.items).proportion_ci(LEVEL, method="exact").high)

    @property
    def hidden_per_1000(self) -> float | None:
        """Harmless words masked, per 1,000 of them around the secrets; None without one."""
        return 1000 * self.hidden / self.others if self.others else None

    def __add__(self, other: LeakCounts) -> LeakCounts:
        return LeakCounts(
            self.items + other.items,
            self.leaks + other.leaks,
            self.live + other.live,
            self.others + other.others,
            self.hidden + other.hidden,
        )


def carries_content(text: str) -> bool:
    """Whether a word of a secret tells a part of it: all but what stands between the parts."""
    return text.casefold().strip(".,!?;:#") not in {*EMPTY_WORDS, ""}


def spoken(item: Item) -> list[Spoken]:
    """The turns of an item, the agent on channel 0."""
    return [
        Spoken(CHANNELS[turn.role], tuple(word.text for word in turn.words), turn.pause_s)
        for turn in item.turns
    ]


def score(item: Item, mask: Mask) -> LeakCounts:
    """One item behind one mask."""
    seen = mask(spoken(item))
    secret = {
        (number, place)
        for number, turn in enumerate(item.turns)
        for place, word in enumerate(turn.words)
        if word.secret and carries_content(word.text)
    }
    others = {(n, place) for n, turn in enumerate(item.turns) for place in _others(turn)}
    return LeakCounts(
        items=1,
        leaks=int(not secret.isdisjoint(seen.readable)),
        live=int(not secret.isdisjoint(seen.live)),
        others=len(others),
        hidden=len(others - seen.readable),
    )


def leaked_words(item: Item, mask: Mask) -> list[str]:
    """The words of a secret that can be read: for whoever looks for the cause."""
    readable = mask(spoken(item)).readable
    return [
        word.text
        for number, turn in enumerate(item.turns)
        for place, word in enumerate(turn.words)
        if word.secret and carries_content(word.text) and (number, place) in readable
    ]


def _others(turn: ItemTurn) -> Iterator[int]:
    """Places of words before the first and after the last word of a secret in a turn."""
    secret = [place for place, word in enumerate(turn.words) if word.secret]
    for place in range(len(turn.words)):
        if not secret or not secret[0] <= place <= secret[-1]:
            yield place

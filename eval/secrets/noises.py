"""What goes wrong while a secret is said: hesitations, asides, a start anew, a correction midway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from eval.secrets import carriers
from eval.secrets.saying import Group, joined, plain

Noise = Callable[[Sequence[Group], Sequence[Group], Random], list[Group]]
"""What is said, the same style with another value, and chance -> what is heard."""

HESITATES = 0.25
"""Share of words that somebody who hesitates says "um" before."""


def _clean(said: Sequence[Group], _wrong: Sequence[Group], _rng: Random) -> list[Group]:
    return list(said)


def _hesitant(said: Sequence[Group], _wrong: Sequence[Group], rng: Random) -> list[Group]:
    heard: list[Group] = []
    for at, group in enumerate(said):
        words: list[Group] = []
        for place, word in enumerate(group):
            forced = at == 0 and place == min(1, len(group) - 1)
            if forced or rng.random() < HESITATES:
                words.append(plain(rng.choice(carriers.HESITATIONS)))
            words.append((word,))
        heard.append(joined(words))
    return heard


def _between(phrases: Sequence[str]) -> Noise:
    def noise(said: Sequence[Group], _wrong: Sequence[Group], rng: Random) -> list[Group]:
        """A phrase inside a group of several words, or before a later one."""
        at = rng.randrange(len(said))
        group = said[at]
        cut = rng.randrange(1, len(group)) if len(group) > 1 else 0
        broken = joined([group[:cut], plain(rng.choice(phrases)), group[cut:]])
        return [*said[:at], broken, *said[at + 1 :]]

    return noise


def _restarted(said: Sequence[Group], _wrong: Sequence[Group], rng: Random) -> list[Group]:
    """The first words of a group, and then the group from its beginning."""
    at = rng.randrange(len(said))
    group = said[at]
    false_start = group[: max(1, len(group) // 2)]
    return [*said[:at], joined([false_start, group]), *said[at + 1 :]]


def _corrected(said: Sequence[Group], wrong: Sequence[Group], rng: Random) -> list[Group]:
    """A group of another value, "no sorry", and the right one."""
    differ = [at for at in range(min(len(said), len(wrong))) if said[at] != wrong[at]]
    at = rng.choice(differ) if differ else 0
    right = joined([plain(rng.choice(carriers.CORRECTIONS)), said[at]])
    return [*said[:at], wrong[min(at, len(wrong) - 1)], right, *said[at + 1 :]]


NOISES: dict[str, Noise] = {
    "clean": _clean,
    "hesitant": _hesitant,
    "acknowledged": _between(carriers.ACKNOWLEDGEMENTS),
    "aside": _between(carriers.ASIDES),
    "restarted": _restarted,
    "corrected": _corrected,
}
"""By name. "acknowledged": the other side is heard on the same channel."""

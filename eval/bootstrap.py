"""Is one system better than another on the same calls? A paired bootstrap says how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.counts import Ratio
from models.errors import ConfigError

Floats = npt.NDArray[np.float64]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """Rate of the first minus rate of the second, with a percentile interval at `level`.

    `better_share` is the share of resamples in which the first has the lower rate.
    """

    difference: float
    low: float
    high: float
    better_share: float
    level: float
    n: int
    resamples: int


def paired_difference(
    first: Sequence[Ratio],
    second: Sequence[Ratio],
    *,
    same_whole: bool = True,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference | None:
    """The difference of two rates over the same items, which are resampled in pairs.

    Items (calls or segments) are drawn with replacement, and each draw gives the rate of sums of both, as in
    Bisani and Ney (2004). The same seed gives the same interval. None where a side has nothing that is
    counted of; resamples of which that is true are left out. With `same_whole` an item must have the same
    whole on both sides, as it has with the same reference. Raises `ConfigError` if the items do not match.
    """
    sides = [_columns(first), _columns(second)]
    if len(first) != len(second) or (same_whole and not np.allclose(sides[0][:, 1], sides[1][:, 1])):
        raise ConfigError("a paired comparison needs the same references, normalized alike, on both sides")
    if not all(side[:, 1].sum() > 0 for side in sides):
        return None
    drawn = _resampled(sides, resamples, seed)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    rates = [side[:, 0].sum() / side[:, 1].sum() for side in sides]
    return Difference(
        difference=float(rates[0] - rates[1]),
        low=float(low),
        high=float(high),
        better_share=float(np.mean(drawn < 0)),
        level=level,
        n=len(first),
        resamples=len(drawn),
    )


def _columns(items: Sequence[Ratio]) -> Floats:
    """Parts and wholes, [items, 2]."""
    return np.array([(item.part, item.whole) for item in items], dtype=np.float64).reshape(-1, 2)


def _resampled(sides: Sequence[Floats], resamples: int, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    count = len(sides[0])
    found: list[Floats] = []
    for start in range(0, resamples, _AT_ONCE):
        places = generator.integers(0, count, size=(min(_AT_ONCE, resamples - start), count))
        sums = [side[places].sum(axis=1) for side in sides]
        some = np.all([one[:, 1] > 0 for one in sums], axis=0)
        found.append(sums[0][some, 0] / sums[0][some, 1] - sums[1][some, 0] / sums[1][some, 1])
    return np.concatenate(found)

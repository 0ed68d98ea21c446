"""Is one system better than another on the same calls? A paired bootstrap says how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.counts import ErrorCounts
from models.errors import ConfigError

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
    first: Sequence[ErrorCounts],
    second: Sequence[ErrorCounts],
    *,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference | None:
    """The difference of two error rates over the same items, which are resampled in pairs.

    Items (calls or segments) are drawn with replacement, and each draw gives the rate of sums of both, as in
    Bisani and Ney (2004). The same seed gives the same interval. None without items or reference words.
    Resamples without a reference word are left out. Raises `ConfigError` if the items do not match.
    """
    if [item.length for item in first] != [item.length for item in second]:
        raise ConfigError("a paired comparison needs the same references, normalized alike, on both sides")
    lengths = np.array([item.length for item in first], dtype=np.int64)
    if not lengths.sum():
        return None
    margins = np.array([a.errors - b.errors for a, b in zip(first, second, strict=True)], dtype=np.int64)
    drawn = _resampled_rates(margins, lengths, resamples, seed)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Difference(
        difference=float(margins.sum() / lengths.sum()),
        low=float(low),
        high=float(high),
        better_share=float(np.mean(drawn < 0)),
        level=level,
        n=len(lengths),
        resamples=len(drawn),
    )


def _resampled_rates(margins: np.ndarray, lengths: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    rates: list[np.ndarray] = []
    for start in range(0, resamples, _AT_ONCE):
        shape = (min(_AT_ONCE, resamples - start), len(lengths))
        places = generator.integers(0, len(lengths), size=shape)
        totals = lengths[places].sum(axis=1)
        some = totals > 0
        rates.append(margins[places].sum(axis=1)[some] / totals[some])
    return np.concatenate(rates)

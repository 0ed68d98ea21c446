"""Which slices differ from the rest, when many are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from statsmodels.stats.multitest import multipletests

from eval.stats.clusters import ClusterCounts, Difference, Rate, cluster_rate, difference

LEAST_EFFECTIVE = 30
"""Effective calls under which a slice is shown but not judged."""
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: its rate, how it differs from all the rest, and the verdict.

    `q_value` is the p-value after Benjamini and Hochberg (1995), over the slices that are judged; None where
    the slice is too small to be judged. `differs`: at 5 % false discoveries.
    """

    name: str
    rate: Rate
    against_rest: Difference | None
    q_value: float | None
    differs: bool


def compare_slices(slices: Mapping[str, ClusterCounts]) -> list[Slice]:
    """Each slice beside all others together, in the order given; counts are by the same clusters in all."""
    rates = {name: cluster_rate(counts) for name, counts in slices.items()}
    against = {name: _against_rest(name, slices) for name in slices}
    p_values = {
        name: found.p_value
        for name, found in against.items()
        if found is not None and found.p_value is not None and _is_judged(rates[name])
    }
    q_values: dict[str, float] = {}
    if p_values:
        adjusted = multipletests(list(p_values.values()), alpha=FALSE_DISCOVERIES, method="fdr_bh")[1]
        q_values = dict(zip(p_values, map(float, adjusted), strict=True))
    return [
        Slice(
            name,
            rates[name],
            against[name],
            q_values.get(name),
            q_values.get(name, 1.0) <= FALSE_DISCOVERIES,
        )
        for name in slices
    ]


def _is_judged(rate: Rate) -> bool:
    return rate.effective_n is not None and rate.effective_n >= LEAST_EFFECTIVE


def _against_rest(name: str, slices: Mapping[str, ClusterCounts]) -> Difference | None:
    others = [counts for other, counts in slices.items() if other != name]
    if not others:
        return None
    rest = ClusterCounts(
        sum((counts.successes for counts in others[1:]), others[0].successes.copy()),
        sum((counts.trials for counts in others[1:]), others[0].trials.copy()),
    )
    return difference(rest, slices[name])

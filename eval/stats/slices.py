"""Which slices differ from the rest, when many are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats
from statsmodels.stats.multitest import multipletests

from eval.stats.clusters import (
    REFUSED_UNDER,
    ClusterCounts,
    Difference,
    Rate,
    cluster_rate,
    design_effect,
    difference,
)

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
    compared = {name: _Compared.of(counts, _rest(name, slices)) for name, counts in slices.items()}
    p_values = {
        name: one.p_value
        for name, one in compared.items()
        if one.p_value is not None and one.effective_n >= LEAST_EFFECTIVE
    }
    q_values: dict[str, float] = {}
    if p_values:
        adjusted = multipletests(list(p_values.values()), alpha=FALSE_DISCOVERIES, method="fdr_bh")[1]
        q_values = dict(zip(p_values, map(float, adjusted), strict=True))
    return [
        Slice(
            name,
            one.rate,
            one.against_rest,
            q_values.get(name),
            q_values.get(name, 1.0) <= FALSE_DISCOVERIES,
        )
        for name, one in compared.items()
    ]


@dataclass(frozen=True, slots=True)
class _Compared:
    """A slice beside the rest, and how many independent calls it counts for."""

    rate: Rate
    against_rest: Difference | None
    p_value: float | None
    effective_n: float

    @classmethod
    def of(cls, counts: ClusterCounts, rest: ClusterCounts | None) -> _Compared:
        rate = cluster_rate(counts)
        if rest is None:
            return cls(rate, None, None, 0.0)
        others, found = cluster_rate(rest), difference(rest, counts)
        effective = _effective(counts, rate, others)
        p_value = None if found is None else found.p_value
        if p_value is None and min(counts.clusters, rest.clusters) >= REFUSED_UNDER:
            p_value = _exact_p_value((rate, effective), (others, _effective(rest, others, rate)))
        return cls(rate, found, p_value, effective)


def _effective(counts: ClusterCounts, rate: Rate, others: Rate) -> float:
    """Independent calls that would tell as much. Calls that are all alike do not say how alike those of one
    associate are: then it is the correlation of the others, or, where that is not known either, 1."""
    if rate.effective_n is not None or not rate.trials:
        return rate.effective_n or 0.0
    return rate.trials / design_effect(counts, 1.0 if others.icc is None else max(0.0, others.icc))


def _exact_p_value(*sides: tuple[Rate, float]) -> float:
    """Fisher's exact test of two rates, each over so many effective calls, rounded down."""
    table = []
    for rate, effective in sides:
        successes = round((rate.value or 0.0) * int(effective))
        table.append([successes, int(effective) - successes])
    return float(stats.fisher_exact(table).pvalue)


def _rest(name: str, slices: Mapping[str, ClusterCounts]) -> ClusterCounts | None:
    others = [counts for other, counts in slices.items() if other != name]
    if not others:
        return None
    return ClusterCounts(
        sum((counts.successes for counts in others[1:]), others[0].successes.copy()),
        sum((counts.trials for counts in others[1:]), others[0].trials.copy()),
    )

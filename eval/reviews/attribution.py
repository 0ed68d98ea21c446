"""Why the NMN rate rose: other associates, other versions, associates who changed, or notes nobody reads.

From the first window to the last, and by associate. Composition is what the rise of a fixed panel lacks of
that of all. Versions and own days are told apart inside associates, among notes that were read: a linear
model has a level for each associate, each version and each day of an associate's own. Where all started
together, version and own day are one thing, and nothing tells them apart. What else happened on a day of the
calendar is not told from the version of that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from eval.reviews.cells import Cells, Flags, Numbers
from eval.reviews.cohorts import Window
from eval.stats.absorbed import Absorbed, Contrast, dummies, merged
from eval.stats.clusters import REFUSED_UNDER, Difference, Floats, difference
from eval.stats.influence import Estimate, interval_of, rate_estimate
from eval.stats.proportions import Interval

Verdict: TypeAlias = Literal["explains", "does not", "NOT IDENTIFIED"]
CauseName: TypeAlias = Literal["composition", "versions", "own days", "attention", "bad version"]
SHARING: tuple[CauseName, ...] = ("composition", "versions", "own days", "attention")
"""Causes that have a share of the rise."""

EXPLAINS_FROM = 1 / 3
"""Share of the rise from which on a cause explains it; its interval is surely above it, or surely below."""
LEAST_SPREAD_DAYS = 5
"""Days between the first and the last tenth of starts under which all started together."""
SINGLE_DAYS = 35
"""Own days that have a level each; later ones share one a week."""
MOST_UNKNOWN = 0.05
"""Share of notes without a version up to which these count as a version of their own."""
SEVERE_EXCESS = 0.05
"""A version is bad with so many more severe edits than its neighbours, if they are surely more; it is not bad
where they are surely fewer than that."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause's share of the rise with its interval, the verdict, and why where the data cannot tell.

    Shares may be under 0 or over 1: causes can work against each other. That of attention is of saves that
    were surely unread, whatever brought about the others, and does not add up with the rest.
    """

    name: CauseName
    share: float | None
    interval: Interval | None
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Excess:
    """By how much a version's severe edits exceed those of its neighbour in time that has more of them."""

    version: str
    excess: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The rise of all and of the panel, and the verdict on each cause; `excesses` of the versions judged.

    The cause "bad version" is about edits that are material or worse, and has no share of the rise: it
    "explains" where a version stands out.
    """

    rise: Difference | None
    panel_rise: Difference | None
    causes: tuple[Cause, ...]
    excesses: tuple[Excess, ...]

    def verdict(self, name: CauseName) -> Verdict:
        """The verdict on a cause."""
        return next(cause.verdict for cause in self.causes if cause.name == name)


def attribute(cells: Cells, windows: Sequence[Window]) -> Attribution:
    """Which causes explain the rise from the first of the windows to the last."""
    first, last = cells.between(windows[0]), cells.between(windows[-1])
    rise = difference(cells.counts("exact", first), cells.counts("exact", last))
    panel_rise = difference(
        cells.counts("exact", first & cells.panel), cells.counts("exact", last & cells.panel)
    )
    bad, excesses = _bad_version(cells)
    whole = _rise(cells, "exact", first, last)
    reason = _nothing_to_explain(
        rise, min(cells.counts("saved", window).clusters for window in (first, last))
    )
    if reason or whole is None:
        causes = tuple(_untold(name, reason) for name in SHARING)
    else:
        causes = (
            _composition(cells, whole, first, last),
            *_changes(cells, whole, first, last),
            _attention(cells, whole, first, last),
        )
    return Attribution(rise, panel_rise, (*causes, bad), excesses)


def _nothing_to_explain(rise: Difference | None, associates: int) -> str:
    if rise is None:
        return "no notes in the first or the last window"
    if associates < REFUSED_UNDER:
        return f"fewer than {REFUSED_UNDER} associates in a window"
    if rise.interval is None or rise.value == 1:
        return "associates who are all alike prove nothing"
    return "" if rise.interval.low > 0 else "no rise that is surely one"


def _rise(cells: Cells, name: str, first: Flags, last: Flags) -> Estimate | None:
    before, after = (rate_estimate(cells.counts(name, window)) for window in (first, last))
    return None if before is None or after is None else after - before


def _composition(cells: Cells, whole: Estimate, first: Flags, last: Flags) -> Cause:
    panel = _rise(cells, "exact", first & cells.panel, last & cells.panel)
    stay = int(np.count_nonzero(cells.by_associate(cells.saved * cells.panel)))
    if panel is None or stay < REFUSED_UNDER:
        return _untold("composition", f"fewer than {REFUSED_UNDER} associates are in all windows")
    return _judged("composition", (whole - panel).over(whole), stay)


def _attention(cells: Cells, whole: Estimate, first: Flags, last: Flags) -> Cause:
    unread = _rise(cells, "unread", first, last)
    if unread is None:
        return _untold("attention", "no notes in a window")
    clusters = min(cells.counts("saved", window).clusters for window in (first, last))
    return _judged("attention", unread.over(whole), clusters)


def _changes(cells: Cells, whole: Estimate, first: Flags, last: Flags) -> tuple[Cause, Cause]:
    """Versions and own days, among notes that were read."""
    reason = _inseparable(cells)
    if reason:
        return _untold("versions", reason), _untold("own days", reason)
    design, places = _design(cells)
    model = Absorbed(design, cells.associate, cells.exact - cells.unread, cells.saved - cells.unread)
    move = _mean(design, cells.saved * last) - _mean(design, cells.saved * first)
    return (
        _part("versions", model.contrast(_only(move, places["version"])), whole),
        _part("own days", model.contrast(_only(move, places["own day"])), whole),
    )


def _part(name: CauseName, contrast: Contrast | None, whole: Estimate) -> Cause:
    if contrast is None:
        return _untold(name, "each version was seen on days of its own: they cannot be told apart")
    if contrast.clusters < REFUSED_UNDER:
        return _untold(name, "too few associates saw a version on other days of their own than the rest")
    return _judged(name, contrast.estimate.over(whole), contrast.clusters)


def _inseparable(cells: Cells) -> str:
    """Why versions and own days cannot be told apart; "" where they may be."""
    unknown = cells.saved[cells.version >= len(cells.known_versions)].sum() / cells.saved.sum()
    if unknown > MOST_UNKNOWN:
        return f"the version of {unknown:.0%} of the notes is not known"
    starts = _starts(cells)
    spread = float(np.quantile(starts, 0.9) - np.quantile(starts, 0.1))
    if spread < LEAST_SPREAD_DAYS:
        return "all started together, so that version, calendar and own days are one clock"
    return ""


def _starts(cells: Cells) -> Numbers:
    """The day of the calendar on which each associate started."""
    starts = np.full(cells.associates, np.iinfo(np.int64).max)
    np.minimum.at(starts, cells.associate, cells.calendar_day - cells.own_day)
    return starts


def _design(cells: Cells) -> tuple[Floats, dict[str, slice]]:
    weeks = SINGLE_DAYS + (cells.own_day - SINGLE_DAYS) // 7
    band = np.where(cells.own_day < SINGLE_DAYS, cells.own_day, weeks)
    levels, place = np.unique(band, return_inverse=True)
    parts = {
        "version": dummies(cells.version, len(cells.versions)),
        "own day": dummies(place.reshape(-1), len(levels)),
    }
    return merged(parts)


def _mean(design: Floats, weights: Numbers) -> Floats:
    mean: Floats = weights @ design / weights.sum()
    return mean


def _only(weights: Floats, place: slice) -> Floats:
    kept = np.zeros_like(weights)
    kept[place] = weights[place]
    return kept


def _untold(name: CauseName, reason: str) -> Cause:
    return Cause(name, None, None, "NOT IDENTIFIED", reason)


def _judged(name: CauseName, share: Estimate, clusters: float) -> Cause:
    interval = interval_of(share, clusters)
    if interval is None:
        return Cause(name, share.value, None, "NOT IDENTIFIED", f"fewer than {REFUSED_UNDER} associates")
    if interval.low > EXPLAINS_FROM:
        return Cause(name, share.value, interval, "explains")
    if interval.high < EXPLAINS_FROM:
        return Cause(name, share.value, interval, "does not")
    return Cause(name, share.value, interval, "NOT IDENTIFIED", "the interval is too wide to say")


def _bad_version(cells: Cells) -> tuple[Cause, tuple[Excess, ...]]:
    """Whether a version has more severe edits than the one before it and the one after it.

    The first is not judged: nothing was before it. The last one is compared with the one before it alone.
    """
    name: CauseName = "bad version"
    reason = _inseparable(cells) if len(cells.saved) else "no notes"
    if reason:
        return _untold(name, reason), ()
    if len(cells.known_versions) < 2:
        return Cause(name, None, None, "does not", "there is one version only"), ()
    design, places = _design(cells)
    model = Absorbed(design, cells.associate, cells.severe, cells.saved)
    judged = range(1, len(cells.known_versions))
    level = 1 - 0.05 / len(judged)
    found = [
        _excess(cells, model, (place, places["version"].start, design.shape[1]), level) for place in judged
    ]
    excesses = tuple(each for each in found if each is not None)
    standing = [
        each
        for each in excesses
        if each.interval is not None and each.interval.low > 0 and each.excess >= SEVERE_EXCESS
    ]
    if standing:
        worst = max(standing, key=lambda each: each.excess)
        return Cause(name, None, None, "explains", f"{worst.version} stands out"), excesses
    sure = [each.interval is not None and each.interval.high < SEVERE_EXCESS for each in excesses]
    if len(excesses) == len(judged) and all(sure):
        return Cause(name, None, None, "does not"), excesses
    return _untold(name, "too little was seen of a version to say"), excesses


def _excess(cells: Cells, model: Absorbed, column: tuple[int, int, int], level: float) -> Excess | None:
    """A version beside each of its neighbours; the lesser excess counts."""
    place, start, width = column
    found = []
    for other in (place - 1, place + 1):
        if other >= len(cells.known_versions):
            continue
        weights = np.zeros(width)
        weights[start + place], weights[start + other] = 1.0, -1.0
        contrast = model.contrast(weights)
        interval = None if contrast is None else interval_of(contrast.estimate, contrast.clusters, level)
        if contrast is None or interval is None:
            return None
        found.append((contrast.estimate.value, interval))
    value, interval = min(found, key=lambda each: each[1].low)
    high = min(each.high for _, each in found)
    return Excess(cells.versions[place], value, Interval(interval.low, high, interval.method, interval.df))

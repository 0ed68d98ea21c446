"""Labels that stay with their voices from one answer to the next while a recording goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models.types import Turn


def keep_labels(turns: Sequence[Turn], before: Sequence[Turn]) -> list[Turn]:
    """`turns` under the labels of `before`, paired one to one so that they share the most time.

    Both are sorted and do not overlap. A voice that shares no time with a free label gets the lowest of
    S1, S2 ... that no other voice of the answer has.
    """
    names = list(dict.fromkeys(turn.speaker for turn in turns))
    known = list(dict.fromkeys(turn.speaker for turn in before))
    shared = _shared_samples(turns, before, names, known)
    labels = {
        names[row]: known[column]
        for row, column in zip(*linear_sum_assignment(shared, maximize=True), strict=True)
        if shared[row, column]
    }
    taken = set(labels.values())
    unused = (label for label in map("S{}".format, count(1)) if label not in taken)
    for name in names:
        if name not in labels:
            labels[name] = next(unused)
    return [replace(turn, speaker=labels[turn.speaker]) for turn in turns]


def _shared_samples(
    turns: Sequence[Turn], before: Sequence[Turn], names: Sequence[str], known: Sequence[str]
) -> NDArray[np.int64]:
    """Samples that each voice has in common with each label, shape (names, known)."""
    shared = np.zeros((len(names), len(known)), dtype=np.int64)
    at = 0
    for turn in turns:
        while at < len(before) and before[at].end_samples <= turn.start_samples:
            at += 1
        for other in before[at:]:
            if other.start_samples >= turn.end_samples:
                break
            common = min(turn.end_samples, other.end_samples) - max(turn.start_samples, other.start_samples)
            shared[names.index(turn.speaker), known.index(other.speaker)] += common
    return shared

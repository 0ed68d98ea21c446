"""ROUGE by one scorer for every system: F1 of ROUGE-1, -2, -L and -Lsum with stemming, by rouge-score.

Of several references the best one counts. A call without a note scores 0: leaving it out would reward
refusing. ROUGE rewards shared words, not a good note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from rouge_score.rouge_scorer import RougeScorer

from eval.bootstrap import paired_difference
from eval.counts import Share
from models.text.sentences import split_sentences

METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
TITLES = ("R-1", "R-2", "R-L", "R-Lsum")
SCORER = "rouge-f1-stemmed/1"
"""What two scores must share to be compared; changes whenever a pair of texts would score otherwise."""

Scores: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Margin:
    """Mean F1 of a system minus that of the best baseline of this metric, with a 95 % interval."""

    metric: str
    baseline: str
    difference: float
    low: float
    high: float


def f1(references: Sequence[str], sentences: Sequence[str]) -> tuple[float, ...]:
    """F1 of a summary, given as its sentences, in the order of `METRICS`."""
    best = _scorer().score_multi([_by_line(text) for text in references], "\n".join(sentences))
    return tuple(float(best[metric].fmeasure) for metric in METRICS)


def margins(ours: Scores, baselines: Sequence[tuple[str, Scores]], resamples: int = 10_000) -> list[Margin]:
    """A system against the best baseline of each metric; scores have shape [calls, metrics].

    Calls are resampled in pairs.
    """
    found = []
    for column, metric in enumerate(METRICS):
        name, best = max(baselines, key=lambda one: float(one[1][:, column].mean()))
        first, second = ([Share(float(value), 1.0) for value in one[:, column]] for one in (ours, best))
        gain = paired_difference(first, second, resamples=resamples)
        if gain is not None:
            found.append(Margin(metric, name, gain.difference, gain.low, gain.high))
    return found


@cache
def _scorer() -> Any:
    return RougeScorer(list(METRICS), use_stemmer=True)


def _by_line(text: str) -> str:
    """One sentence a line, as ROUGE-Lsum wants it."""
    return "\n".join(sentence.text for sentence in split_sentences(text))

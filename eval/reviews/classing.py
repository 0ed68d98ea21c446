"""The stored classes of a review: its edit at saving, when mature, and of each section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from eval.edits.edit import Change, EditClass
from eval.edits.ladder import classify, classify_class
from eval.reviews.review import Review

CHUNK = 500
"""Reviews a process takes at a time: enough to make the way to it cheap."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of one review; None where no draft was saved or discarded.

    `decided_by` is the change that decided the class of the mature text, where one did.
    """

    edit: EditClass | None = None
    edit_mature: EditClass | None = None
    sections: Mapping[str, EditClass] = field(default_factory=dict)
    decided_by: Change | None = None


def classes_of(review: Review) -> Classes:
    """Classes of a review: none where nothing was saved, or where there was no draft to edit."""
    if review.saved_at is None or review.drafted_at is None:
        return Classes()
    mature = classify(review.draft, review.mature, review.used)
    same = review.final == review.mature
    edit = mature.edit_class if same else classify_class(review.draft, review.final, review.used)
    return Classes(edit, mature.edit_class, mature.sections, mature.decided_by)


class Classifier:
    """Classes of many reviews, in their order."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def classes_of(self, reviews: Sequence[Review]) -> list[Classes]:
        """Classes of each review."""
        if self._pool is None:
            return _classes_of(reviews)
        chunks = [reviews[start : start + CHUNK] for start in range(0, len(reviews), CHUNK)]
        return [each for chunk in self._pool.map(_classes_of, chunks) for each in chunk]


@contextmanager
def classifier(jobs: int) -> Iterator[Classifier]:
    """A classifier in so many processes of its own; in this one for a single job."""
    if jobs == 1:
        yield Classifier(None)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield Classifier(pool)


def _classes_of(reviews: Sequence[Review]) -> list[Classes]:
    return [classes_of(review) for review in reviews]

"""Histories of reviews, and the report on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from eval.reviews.columns import ReviewWriter, open_reviews
from eval.reviews.report import CohortReport, Wanted, build
from eval.reviews.review import Review
from tests.eval.reviews.examples import DRAFT, STARTED, review

Built = Callable[..., CohortReport]
DAY = timedelta(days=1)


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """The report on some reviews."""

    def builds(reviews: Sequence[Review], wanted: Wanted | None = None) -> CohortReport:
        with ReviewWriter(tmp_path / "reviews", {"source": "a test"}) as writer:
            writer.add(reviews)
        with open_reviews([tmp_path / "reviews"]) as found:
            return build(found.connection, wanted or Wanted(), found.provenance())

    return builds


def history(
    associates: int, days: Sequence[int], edited: Callable[[int, int], bool], **values: object
) -> list[Review]:
    """Two calls a day of each associate; `edited(associate, day)` says whether the amount was changed."""
    made = []
    for who in range(associates):
        for day in days:
            for call in range(2):
                at = STARTED + day * DAY + timedelta(minutes=20 * call)
                final = DRAFT.replace("$35", "$53") if edited(who + call, day) else DRAFT
                made.append(
                    review(
                        f"{who}-{day}-{call}",
                        associate=f"associate {who}",
                        started_at=at,
                        drafted_at=at,
                        opened_at=at + timedelta(seconds=1),
                        saved_at=at + timedelta(seconds=40),
                        final=final,
                        focus_s=20.0,
                        **values,
                    )
                )
    return made


GROWING = history(24, range(64), lambda n, day: n % 4 > day // 20, team="<script>alert(1)</script>")

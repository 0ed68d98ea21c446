"""Where the commands on reviews read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eval.reviews.columns import ReviewSet, open_reviews


@contextmanager
def open_source(paths: Sequence[Path]) -> Iterator[ReviewSet]:
    """The reviews of these folders, or of the store where there is none."""
    with open_reviews(paths) as found:
        yield found

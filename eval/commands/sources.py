"""Where the commands on reviews read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from eval.reviews.columns import ReviewSet, open_reviews
from pipeline.config import load_config


@contextmanager
def open_source(paths: Sequence[Path]) -> Iterator[ReviewSet]:
    """The reviews of these folders, or of the store where there is none. Raises `WrapupError`."""
    if paths:
        with open_reviews(paths) as found:
            yield found
        return
    # The database's libraries would add most of a second to the start of every other command.
    from eval.reviews.stored import stored_reviews
    from pipeline.commands.export import existing_store

    with closing(existing_store(load_config().store)) as store, stored_reviews(store) as found:
        yield found

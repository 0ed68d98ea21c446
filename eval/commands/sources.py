"""Where the commands on reviews read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from eval.commands.shared import bar
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

    with closing(existing_store(load_config().store)) as store, ExitStack() as opened:
        with bar() as progress:
            task = progress.add_task("reviews of the store", total=None)
            found = opened.enter_context(stored_reviews(store, one_read=lambda: progress.advance(task)))
        yield found

"""Which reviews lessons are drawn from, and the changes in them.

Lessons come from attentive and mature reviews: the draft was on the screen for at least as long as reading it
takes, and a day has passed in which the note could be amended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context

import duckdb
from rapidfuzz.distance import Indel

from eval.edits.edit import Change
from eval.edits.ladder import classify
from eval.edits.notes import read_units
from eval.reviews.tallies import READ_WORDS_A_MINUTE
from models.errors import InputError
from models.text.tokens import normal, tokenize

MATURE_HOURS = 24
FEW = 8
"""Sentences that are tried for a change."""
CHUNK = 200
"""Reviews that are compared at a time."""

LEFT_OUT = {
    "unseen": "no draft was shown in time",
    "unsaved": "nothing was saved",
    "young": f"saved less than {MATURE_HOURS} hours before the data ends",
    "untimed": "focus time not known",
    "unread": f"on the screen for less than reading at {READ_WORDS_A_MINUTE} words a minute takes",
    "discarded": "the draft was discarded",
}
"""Why a review is left out; the first that holds counts."""

_READ = f"""
CREATE OR REPLACE TEMP TABLE lesson_reviews AS
WITH ends AS (
    SELECT MAX(GREATEST(
        started_at, COALESCE(drafted_at, started_at), COALESCE(opened_at, started_at),
        COALESCE(saved_at, started_at), COALESCE(amended_at, started_at)
    )) AS at FROM reviews
)
SELECT
    associate, team, queue, draft, mature, edit_mature AS edit,
    CASE
        WHEN NOT COALESCE(drafted_at <= opened_at, FALSE) THEN 'unseen'
        WHEN saved_at IS NULL THEN 'unsaved'
        WHEN saved_at > ends.at - INTERVAL {MATURE_HOURS} HOUR THEN 'young'
        WHEN focus_s IS NULL THEN 'untimed'
        WHEN focus_s < draft_words * 60.0 / {READ_WORDS_A_MINUTE} THEN 'unread'
        WHEN NOT used THEN 'discarded'
        ELSE 'read'
    END AS state,
    ROW_NUMBER() OVER (ORDER BY call_id, leg) AS number
FROM reviews, ends
"""


@dataclass(frozen=True, slots=True)
class Edited:
    """A review whose draft was changed in places, and not written anew."""

    number: int
    associate: str
    team: str
    queue: str
    draft: str
    mature: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One change with the sentences that it is in; "" where there is none."""

    change: Change
    draft_sentence: str
    final_sentence: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in one review: its changes, and the words that it has in small letters."""

    number: int
    associate: str
    team: str
    queue: str
    occurrences: tuple[Occurrence, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence, and its words in normal form with spaces around each."""

    text: str
    spaced: str
    section: str


@dataclass(frozen=True, slots=True)
class Considered:
    """How many reviews there are and why some are left out; `read` by (team, queue) are those that count."""

    given: int
    left_out: Mapping[str, int]
    read: Mapping[tuple[str, str], int]
    edited: int
    rewritten: int
    associates: int

    @property
    def n_read(self) -> int:
        """Reviews that count."""
        return sum(self.read.values())


def consider(connection: duckdb.DuckDBPyConnection) -> Considered:
    """Sort the reviews of the view `reviews` into those that count and those that do not.

    Raises `InputError` where there are none.
    """
    connection.execute(_READ)
    states = dict(
        connection.execute("SELECT state, COUNT(*) FROM lesson_reviews GROUP BY 1 ORDER BY 1").fetchall()
    )
    if not states:
        raise InputError("there are no reviews: no lesson to draw")
    places = connection.execute(
        "SELECT team, queue, COUNT(*) FROM lesson_reviews WHERE state = 'read' GROUP BY ALL ORDER BY 1, 2"
    ).fetchall()
    ((edited, rewritten, associates),) = connection.execute(
        "SELECT COUNT(*) FILTER (WHERE edit IN ('minor', 'material')),"
        " COUNT(*) FILTER (WHERE edit = 'rewritten'), COUNT(DISTINCT associate)"
        " FROM lesson_reviews WHERE state = 'read'"
    ).fetchall()
    return Considered(
        given=sum(states.values()),
        left_out={name: states.get(name, 0) for name in LEFT_OUT},
        read={(team, queue): count for team, queue, count in places},
        edited=edited,
        rewritten=rewritten,
        associates=associates,
    )


def read_edits(
    connection: duckdb.DuckDBPyConnection, jobs: int = 1, advance: Callable[[int], None] = lambda _: None
) -> Iterator[Read]:
    """The changes of all edited reviews that count, in their order; `consider` comes first."""
    found = connection.execute(
        "SELECT number, associate, team, queue, draft, mature FROM lesson_reviews"
        " WHERE state = 'read' AND edit IN ('minor', 'material') ORDER BY number"
    )
    chunks = iter(lambda: [Edited(*row) for row in found.fetchmany(CHUNK)], [])
    for reads in map(read_all, chunks) if jobs == 1 else _side_by_side(chunks, jobs):
        yield from reads
        advance(len(reads))


def _side_by_side(chunks: Iterator[list[Edited]], jobs: int) -> Iterator[list[Read]]:
    """In processes, with a few chunks ahead: the texts of all would not fit the memory."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = deque(pool.submit(read_all, chunk) for chunk in islice(chunks, 2 * jobs))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(read_all, chunk) for chunk in islice(chunks, 1))


def read_all(reviews: Sequence[Edited]) -> list[Read]:
    """The changes of these reviews."""
    return [_read(review) for review in reviews]


def _read(review: Edited) -> Read:
    edit = classify(review.draft, review.mature)
    before, after = _only_in(review.draft, review.mature)
    occurrences = tuple(_occurrence(change, before, after) for change in edit.changes)
    tokens = (token.text for text in (review.draft, review.mature) for token in tokenize(text))
    words = frozenset(normal(text) for text in tokens if text.islower())
    return Read(review.number, review.associate, review.team, review.queue, occurrences, words)


def _only_in(draft: str, final: str) -> tuple[list[_Sentence], list[_Sentence]]:
    """The sentences of each text that the other does not have."""
    sides = _sentences(draft), _sentences(final)
    texts = [{one.spaced for one in side} for side in sides]
    return (
        [one for one in sides[0] if one.spaced not in texts[1]],
        [one for one in sides[1] if one.spaced not in texts[0]],
    )


def _sentences(text: str) -> list[_Sentence]:
    units = [unit for unit in read_units(text.replace("\r\n", "\n")) if not unit.is_heading]
    return [_Sentence(unit.text, _spaced(unit.text), unit.section) for unit in units]


def _spaced(text: str) -> str:
    return f" {' '.join(token.norm for token in tokenize(text) if token.kind != 'punct')} "


def _occurrence(change: Change, before: Sequence[_Sentence], after: Sequence[_Sentence]) -> Occurrence:
    """The change in the two sentences that hold it and are most alike."""
    olds = _holding(change.before, before, change.section)
    news = _holding(change.after, after, change.section)
    if change.kind == "added" or not olds:
        return Occurrence(change, "", news[0].text if news and not change.before else "")
    if change.kind == "removed" or not news:
        return Occurrence(change, olds[0].text if not change.after else "", "")
    pairs = ((old, new) for old in olds for new in news)
    old, new = max(pairs, key=lambda pair: Indel.normalized_similarity(pair[0].spaced, pair[1].spaced))
    return Occurrence(change, old.text, new.text)


def _holding(said: str, sentences: Sequence[_Sentence], section: str) -> list[_Sentence]:
    """The sentences of a section that have these words in a row, a few at most; all where nothing is said."""
    words = _spaced(said)
    found = [
        one for one in sentences if one.section == section and (not words.strip() or words in one.spaced)
    ]
    return found[:FEW]

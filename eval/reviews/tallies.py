"""Counts of reviews by associate and day, out of the columns: what every rate is made from.

Days are those of the site's calendar. A leg's day on a clock is the number of midnights between the clock's
anchor and the leg's call; legs before the anchor, or without one, have no day on it. Rates are by associate:
legs of which nobody knows the associate are in none, but in the funnel and in the days of the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias, get_args

import duckdb
import numpy as np
import numpy.typing as npt

from eval.edits.edit import EDIT_CLASSES
from eval.reviews.rates import COUNTED
from models.errors import ConfigError

Counts: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Clock: TypeAlias = Literal["associate", "rollout", "version"]
CLOCKS: tuple[Clock, ...] = get_args(Clock)
SLICED = ("team", "queue", "site", "language", "version", "length")
"""What reviews can be sliced by; `length` is that of the draft."""

READ_WORDS_A_MINUTE = 600
"""Nobody reads faster: a note that was open for less was not read."""

MOST_CHANGES = 20
LEAST_ASSOCIATES = 3
"""Who must have changed a value alike before it is shown: it may be one customer's."""

_FACTS = f"""
CREATE OR REPLACE TEMP TABLE facts AS
WITH legs AS (
    SELECT
        associate, team, queue, site, language, version, draft_words, focus_s, section_edits,
        decided_kind, decided_before, decided_after,
        CAST(timezone(zone, started_at) AS DATE) AS day,
        CAST(timezone(zone, first_assisted_at) AS DATE) AS stated_associate,
        CAST(timezone(zone, rollout_at) AS DATE) AS stated_rollout,
        CAST(timezone(zone, released_at) AS DATE) AS stated_version,
        drafted_at IS NOT NULL AS drafted,
        COALESCE(drafted_at > opened_at, FALSE) AS late,
        drafted_at IS NOT NULL AND opened_at IS NOT NULL AND drafted_at <= opened_at AS opened,
        saved_at IS NOT NULL AND drafted_at <= opened_at AS saved,
        edit_mature AS edit
    FROM reviews
)
SELECT
    associate, team, queue, site, language, version, section_edits, day, drafted, late, opened,
    decided_kind, decided_before, decided_after,
    COALESCE(saved, FALSE) AS saved,
    CASE WHEN saved THEN edit END AS edit,
    COALESCE(saved AND focus_s IS NOT NULL, FALSE) AS timed,
    COALESCE(saved AND edit = 'exact' AND focus_s < draft_words * 60.0 / {READ_WORDS_A_MINUTE}, FALSE)
        AS unread,
    CASE WHEN draft_words < 40 THEN 'under 40 words' WHEN draft_words < 80 THEN '40 to 79 words'
         WHEN draft_words < 160 THEN '80 to 159 words' ELSE '160 words or more' END AS length,
    CASE WHEN associate <> '' THEN
        day - COALESCE(MIN(stated_associate) OVER (PARTITION BY associate),
                       MIN(CASE WHEN opened THEN day END) OVER (PARTITION BY associate))
    END AS associate_day,
    day - COALESCE(stated_rollout, MIN(CASE WHEN drafted THEN day END) OVER (PARTITION BY site))
        AS rollout_day,
    CASE WHEN version <> '' THEN
        day - COALESCE(stated_version, MIN(CASE WHEN drafted THEN day END) OVER (PARTITION BY version))
    END AS version_day
FROM legs
"""

_COUNTS = ", ".join(
    [
        *(f"COUNT(*) FILTER (WHERE edit = '{name}')" for name in EDIT_CLASSES),
        "COUNT(*)",
        *(
            f"COUNT(*) FILTER (WHERE {name})"
            for name in ("drafted", "opened", "saved", "timed", "unread", "late")
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by associate and day. Row i is of `associates[who[i]]` on `day[i]`; rows are in that order.

    `reach[i]` is the day on which the clock of row i stands when the data end. `counts` has shape
    (rows, len(COUNTED)).
    """

    associates: tuple[str, ...]
    who: Counts
    day: Counts
    reach: Counts
    counts: Counts

    def at_risk(self, day: int) -> Flags:
        """Which associates have a clock that had reached this day when the data ended."""
        reached = np.zeros(len(self.associates), dtype=np.bool_)
        reached[self.who[self.reach >= day]] = True
        return reached

    def between(self, first: int, last: int, reached: int = 0) -> Counts:
        """Counts of the days from first to last, both in, by associate: shape (associates, len(COUNTED)).

        `reached`: of clocks alone that had come to this day when the data ended.
        """
        some = (self.day >= first) & (self.day <= last) & (self.reach >= reached)
        summed = np.zeros((len(self.associates), self.counts.shape[1]), dtype=np.int64)
        np.add.at(summed, self.who[some], self.counts[some])
        return summed

    def by_day(self) -> dict[int, Counts]:
        """Counts of each day, by associate as `between` has them."""
        return {int(day): self.between(int(day), int(day)) for day in np.unique(self.day)}


@dataclass(frozen=True, slots=True)
class Span:
    """The days of the data, and how many legs no day could be given on the clock, or no associate."""

    first: date
    last: date
    legs: int
    before_anchor: int
    without_anchor: int
    without_associate: int


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Derive, from the view `reviews`, the table `facts` that all else here reads."""
    connection.execute(_FACTS)


def tally(connection: duckdb.DuckDBPyConnection, clock: Clock) -> Tally:
    """Counts by associate and day on a clock; days before the anchor are left out."""
    day = f"{clock}_day"
    found = connection.execute(
        f"SELECT associate, {day}, (SELECT MAX(day) FROM facts) - day + {day} AS reach, {_COUNTS} FROM facts"
        f" WHERE {day} >= 0 AND associate <> '' GROUP BY ALL ORDER BY associate, {day}, reach"
    ).fetchall()
    return _tally(found)


def calendar_tally(connection: duckdb.DuckDBPyConnection) -> Tally:
    """Counts by associate and day of the calendar, as days since the first of the data."""
    found = connection.execute(
        "WITH ends AS (SELECT MIN(day) AS first, MAX(day) AS last FROM facts)"
        f" SELECT associate, day - first, last - first, {_COUNTS} FROM facts, ends"
        " GROUP BY ALL ORDER BY associate, 2"
    ).fetchall()
    return _tally(found)


def sliced(connection: duckdb.DuckDBPyConnection, by: str) -> dict[str, Counts]:
    """Counts by associate, as `Tally.between` has them, of each slice; the associates are those of all."""
    if by not in SLICED:
        raise ConfigError(f"reviews cannot be sliced by {by!r}; by {', '.join(SLICED)}")
    names = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT associate FROM facts WHERE associate <> '' ORDER BY 1"
        ).fetchall()
    ]
    places = {name: place for place, name in enumerate(names)}
    slices: dict[str, Counts] = {}
    for name, associate, *counts in connection.execute(
        f"SELECT {by}, associate, {_COUNTS} FROM facts WHERE associate <> '' GROUP BY ALL ORDER BY 1, 2"
    ).fetchall():
        empty = np.zeros((len(names), len(COUNTED)), dtype=np.int64)
        slices.setdefault(name or "not known", empty)[places[associate]] = counts
    return slices


def span(connection: duckdb.DuckDBPyConnection, clock: Clock) -> Span:
    """The days of the data. There must be a leg."""
    day = f"{clock}_day"
    (row,) = connection.execute(
        f"SELECT MIN(day), MAX(day), COUNT(*), COUNT(*) FILTER (WHERE {day} < 0),"
        f" COUNT(*) FILTER (WHERE {day} IS NULL AND associate <> ''),"
        " COUNT(*) FILTER (WHERE associate = '') FROM facts"
    ).fetchall()
    return Span(*row)


def section_classes(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Section -> edit class -> saved notes whose section was so edited."""
    found = connection.execute(
        "SELECT section.key, section.value, COUNT(*) FROM"
        " (SELECT UNNEST(map_entries(section_edits)) AS section FROM facts WHERE saved)"
        " GROUP BY ALL ORDER BY 1, 2"
    ).fetchall()
    sections: dict[str, dict[str, int]] = {}
    for section, edit, count in found:
        sections.setdefault(section, {})[edit] = count
    return sections


def critical_changes(
    connection: duckdb.DuckDBPyConnection, most: int = MOST_CHANGES
) -> list[tuple[str, str, str, int]]:
    """What associates changed most that is critical: kind, before, after and how often, the most often first.

    Of names and of whole sentences the kind alone is told: they may be a customer's. So it is of amounts,
    dates and all else that fewer than `LEAST_ASSOCIATES` changed alike.
    """
    hidden = "decided_kind IN ('name', 'tail', 'added', 'removed')"
    shown = f"who >= {LEAST_ASSOCIATES} AND NOT {hidden}"
    found = connection.execute(
        "WITH alike AS (SELECT decided_kind, decided_before, decided_after, COUNT(*) AS notes,"
        " COUNT(DISTINCT NULLIF(associate, '')) AS who FROM facts"
        " WHERE edit = 'material' AND decided_kind IS NOT NULL GROUP BY ALL)"
        f" SELECT decided_kind, CASE WHEN {shown} THEN decided_before ELSE '' END AS before,"
        f" CASE WHEN {shown} THEN decided_after ELSE '' END AS after, CAST(SUM(notes) AS BIGINT) AS often"
        " FROM alike GROUP BY ALL ORDER BY often DESC, decided_kind, before, after LIMIT ?",
        [most],
    ).fetchall()
    return [(kind, before, after, often) for kind, before, after, often in found]


def _tally(rows: list[tuple[object, ...]]) -> Tally:
    names = tuple(dict.fromkeys(str(row[0]) for row in rows))
    places = {name: place for place, name in enumerate(names)}
    who = np.array([places[str(row[0])] for row in rows], dtype=np.int64)
    numbers = np.array([row[1:] for row in rows], dtype=np.int64).reshape(len(rows), 2 + len(COUNTED))
    return Tally(names, who, numbers[:, 0], numbers[:, 1], numbers[:, 2:])

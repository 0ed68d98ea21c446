"""Reviews as cells, to ask for causes: counts by associate, version and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt

from eval.reviews.cohorts import Window
from eval.reviews.rates import SEVERE
from eval.stats.clusters import ClusterCounts

Numbers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

COUNTED = ("saved", "exact", "severe", "unread")

_CELLS = f"""
SELECT associate, version, associate_day, day - (SELECT MIN(day) FROM facts),
       COUNT(*), COUNT(*) FILTER (WHERE edit = 'exact'), COUNT(*) FILTER (WHERE edit IN {SEVERE}),
       COUNT(*) FILTER (WHERE unread)
FROM facts WHERE saved AND associate_day >= 0 AND associate <> '' GROUP BY ALL ORDER BY 1, 3, 4, 2
"""


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts of saved notes, one entry a cell in every array.

    `associate` and `version` are places in the sorted associates and in `versions`, which are in the order of
    their first day; "", a version that is not known, is the last. `own_day` counts from the first draft,
    `calendar_day` from the first of the data, which end on `last_day`. `panel`: the associate saved a note in
    every window asked for.
    """

    versions: tuple[str, ...]
    last_day: int
    associate: Numbers
    version: Numbers
    own_day: Numbers
    calendar_day: Numbers
    panel: Flags
    saved: Numbers
    exact: Numbers
    severe: Numbers
    unread: Numbers

    @property
    def associates(self) -> int:
        """How many there are."""
        return int(self.associate.max()) + 1 if len(self.associate) else 0

    @property
    def known_versions(self) -> tuple[str, ...]:
        """Those that have a name."""
        return tuple(name for name in self.versions if name)

    def counts(self, name: str, within: Flags) -> ClusterCounts:
        """One of `COUNTED` out of the saved notes, by associate, over the cells `within`."""
        return ClusterCounts(
            self.by_associate(getattr(self, name) * within), self.by_associate(self.saved * within)
        )

    def by_associate(self, values: Numbers) -> Numbers:
        """Sums by associate."""
        summed = np.zeros(self.associates, dtype=np.int64)
        np.add.at(summed, self.associate, values)
        return summed

    def between(self, window: Window) -> Flags:
        """Which cells lie in a window of the associates' days, of those who had reached its milestone."""
        inside: Flags = (self.own_day >= window.first) & (self.own_day <= window.last)
        reach = self.last_day - self.calendar_day + self.own_day
        return inside & (reach >= window.milestone)


def cells_of(
    versions: Sequence[str],
    keys: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    windows: Sequence[Window],
    last_day: int,
) -> Cells:
    """Cells out of rows: keys (associate, version, own day, calendar day), and counts as in `COUNTED`.

    Versions are put in the order of their first day, and who belongs to the panel is found.
    """
    associate, version, own_day, calendar_day = keys.T
    firsts = [
        (not name, int(calendar_day[version == place].min()) if np.any(version == place) else -1, place)
        for place, name in enumerate(versions)
    ]
    order = [place for *_, place in sorted(firsts)]
    rank = np.empty(len(versions), dtype=np.int64)
    rank[order] = np.arange(len(versions))
    stays = np.ones(len(associate), dtype=np.bool_)
    cells = Cells(
        tuple(versions[place] for place in order),
        last_day,
        associate,
        rank[version],
        own_day,
        calendar_day,
        stays,
        *(np.ascontiguousarray(column) for column in counts.T),
    )
    for window in windows:
        stays &= np.isin(associate, associate[cells.between(window) & (cells.saved > 0)])
    return cells


def read_cells(connection: duckdb.DuckDBPyConnection, windows: Sequence[Window]) -> Cells:
    """Cells of the table `facts` that `tallies.prepare` made."""
    ((last,),) = connection.execute("SELECT COALESCE(MAX(day) - MIN(day), 0) FROM facts").fetchall()
    rows = connection.execute(_CELLS).fetchall()
    associates = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    versions = {name: place for place, name in enumerate(sorted({row[1] for row in rows}))}
    keys = [(associates[row[0]], versions[row[1]], row[2], row[3]) for row in rows]
    return cells_of(
        tuple(versions),
        np.array(keys, dtype=np.int64).reshape(len(rows), 4),
        np.array([row[4:] for row in rows], dtype=np.int64).reshape(len(rows), len(COUNTED)),
        windows,
        int(last),
    )

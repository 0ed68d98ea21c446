"""Reviews as cells, to ask for causes: counts by associate, version and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt

from eval.reviews.cohorts import Window
from eval.stats.clusters import ClusterCounts

Numbers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

COUNTED = ("saved", "exact", "material", "unread")

_CELLS = """
SELECT associate, version, associate_day, day - (SELECT MIN(day) FROM facts),
       COUNT(*), COUNT(*) FILTER (WHERE edit = 'exact'), COUNT(*) FILTER (WHERE edit = 'material'),
       COUNT(*) FILTER (WHERE unread)
FROM facts WHERE saved AND associate_day >= 0 GROUP BY ALL ORDER BY 1, 3, 4, 2
"""


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts of saved notes, one entry a cell in every array.

    `associate` and `version` are places in the sorted associates and in `versions`, which are in the order of
    their first day; a version that is not known is "". `own_day` counts from an associate's first draft,
    `calendar_day` from the first of the data. `panel`: the associate saved a note in every window asked for.
    """

    versions: tuple[str, ...]
    associate: Numbers
    version: Numbers
    own_day: Numbers
    calendar_day: Numbers
    panel: Flags
    saved: Numbers
    exact: Numbers
    material: Numbers
    unread: Numbers

    @property
    def associates(self) -> int:
        """How many there are."""
        return int(self.associate.max()) + 1 if len(self.associate) else 0

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
        """Which cells lie in a window of the associates' days."""
        inside: Flags = (self.own_day >= window.first) & (self.own_day <= window.last)
        return inside


def cells_of(
    versions: Sequence[str],
    keys: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    windows: Sequence[Window],
) -> Cells:
    """Cells out of rows: keys (associate, version, own day, calendar day), and counts as in `COUNTED`.

    Versions are put in the order of their first day, and who belongs to the panel is found.
    """
    associate, version, own_day, calendar_day = keys.T
    firsts = [
        (int(calendar_day[version == place].min()) if np.any(version == place) else -1, place)
        for place in range(len(versions))
    ]
    order = [place for _, place in sorted(firsts)]
    rank = np.empty(len(versions), dtype=np.int64)
    rank[order] = np.arange(len(versions))
    stays = np.ones(len(associate), dtype=np.bool_)
    for window in windows:
        inside = (own_day >= window.first) & (own_day <= window.last) & (counts[:, 0] > 0)
        stays &= np.isin(associate, associate[inside])
    return Cells(
        tuple(versions[place] for place in order),
        associate,
        rank[version],
        own_day,
        calendar_day,
        stays,
        *(np.ascontiguousarray(column) for column in counts.T),
    )


def read_cells(connection: duckdb.DuckDBPyConnection, windows: Sequence[Window]) -> Cells:
    """Cells of the table `facts` that `tallies.prepare` made."""
    rows = connection.execute(_CELLS).fetchall()
    associates = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    versions = {name: place for place, name in enumerate(sorted({row[1] for row in rows}))}
    keys = [(associates[row[0]], versions[row[1]], row[2], row[3]) for row in rows]
    return cells_of(
        tuple(versions),
        np.array(keys, dtype=np.int64).reshape(len(rows), 4),
        np.array([row[4:] for row in rows], dtype=np.int64).reshape(len(rows), len(COUNTED)),
        windows,
    )

"""The queue of jobs: what is next, what replaces what, what nobody wants any more. No thread and no clock.

Finals go before early readings, these before drafts, then notes of chunks, then partials; what files ask
for beside live calls comes last. Within a kind, first come first served.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from models.types import Samples
from pipeline.core.events import Result, SummarizeJob, TranscribeJob

Kind = Literal["final", "early", "note", "chunk", "partial", "file"]
RANKS: dict[Kind, int] = {"final": 0, "early": 1, "note": 2, "chunk": 3, "partial": 4, "file": 5}

Deliver: TypeAlias = Callable[[Result], None]


@dataclass(slots=True, eq=False)
class Task:
    """A job on its way, with its audio, shape (n,), where it has some, and who hears of its result.

    `wanted` turns false while the job is read and nobody needs it any more; the engine asks between tokens.
    `done` turns true once it was read, before its result is delivered.
    """

    job: TranscribeJob | SummarizeJob
    audio: Samples | None
    deliver: Deliver
    kind: Kind
    wanted: bool = True
    waiting: bool = True
    done: bool = False


Entry: TypeAlias = tuple[int, int, Task]
"""Rank, number of arrival, task: dropped once the task runs, or has another rank."""

SWEEP_FROM = 64


class JobQueue:
    """Tasks by rank. One thread at a time."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._numbers = itertools.count()
        self._waiting: dict[Kind, int] = dict.fromkeys(RANKS, 0)

    def __len__(self) -> int:
        return sum(self._waiting.values())

    def waiting(self) -> dict[Kind, int]:
        """How many tasks of each kind wait."""
        return dict(self._waiting)

    def next_kind(self) -> Kind | None:
        """Of the task that is next; None when none waits."""
        first = self._first()
        return None if first is None else first.kind

    def put(self, task: Task) -> None:
        """A new task."""
        self._waiting[task.kind] += 1
        heapq.heappush(self._heap, (RANKS[task.kind], next(self._numbers), task))

    def promote(self, task: Task, kind: Kind) -> None:
        """A task is wanted as `kind`, and moves up where that ranks before its own."""
        if RANKS[kind] >= RANKS[task.kind]:
            return
        if task.waiting:
            self._waiting[task.kind] -= 1
            task.kind = kind
            self.put(task)
        task.kind = kind

    def drop(self, task: Task) -> None:
        """Nobody wants a task: one that waits goes at once, with its audio; one that runs is told."""
        task.wanted = False
        if task.waiting:
            self._leave(task)
            task.audio = None
            self._sweep()

    def take(self, limit: int) -> list[Task]:
        """The first task and, up to `limit`, those of its kind behind it; empty when none waits.

        Notes are given one by one, and so are partials with a draft, which an engine takes singly.
        """
        first = self._first()
        if first is None:
            return []
        batch = [self._pop()]
        while len(batch) < limit and _may_share(first) and self._goes_with(first):
            batch.append(self._pop())
        return batch

    def _goes_with(self, first: Task) -> bool:
        following = self._first()
        return following is not None and following.kind == first.kind and _may_share(following)

    def _first(self) -> Task | None:
        """The task that is next; entries that were dropped or moved up before it go."""
        while self._heap and not _stands(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][2] if self._heap else None

    def _sweep(self) -> None:
        """What was dropped far behind the first task must not pile up there while engines are slow."""
        if len(self._heap) > 2 * len(self) + SWEEP_FROM:
            self._heap = [entry for entry in self._heap if _stands(entry)]
            heapq.heapify(self._heap)

    def _pop(self) -> Task:
        _, _, task = heapq.heappop(self._heap)
        self._leave(task)
        return task

    def _leave(self, task: Task) -> None:
        task.waiting = False
        self._waiting[task.kind] -= 1


def _stands(entry: Entry) -> bool:
    rank, _, task = entry
    return task.waiting and RANKS[task.kind] == rank


def _may_share(task: Task) -> bool:
    return isinstance(task.job, TranscribeJob) and not task.job.draft

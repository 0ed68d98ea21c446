"""Threads that wait for a summarizer elsewhere: as many as it writes notes at once. They take no time here.

Drafts go before notes of chunks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline.jobs import JobQueue, Kind, Task


class Scribes:
    """A queue of notes and its threads. Safe from several threads."""

    def __init__(self, threads: int, write: Callable[[Task], None]) -> None:
        """`write` is called with each task that is wanted, from one of the threads; it may not raise."""
        self._write = write
        self._queue = JobQueue()
        self._running: list[Task] = []
        self._changed = threading.Condition()
        self._open = True
        self._threads = [
            threading.Thread(target=self._work, name=f"wrapup-scribe-{index}", daemon=True)
            for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, task: Task) -> None:
        """Queue a task."""
        with self._changed:
            self._queue.put(task)
            self._changed.notify()

    def drop(self, task: Task) -> None:
        """See `JobQueue`."""
        with self._changed:
            self._queue.drop(task)

    def waiting(self) -> dict[Kind, int]:
        """Tasks in the queue by kind."""
        with self._changed:
            return self._queue.waiting()

    def close(self, patience_s: float) -> None:
        """Write nothing more; what is being written is told, and waited for so long."""
        with self._changed:
            self._open = False
            for task in self._running:
                task.wanted = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(patience_s)

    def _take(self) -> Task | None:
        """The next task; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) > 0 or not self._open)
            if not self._open:
                return None
            (task,) = self._queue.take(1)
            self._running.append(task)
            return task

    def _work(self) -> None:
        while (task := self._take()) is not None:
            self._write(task)
            with self._changed:
                self._running.remove(task)

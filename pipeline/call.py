"""A call that waits: a recording, from its audio to its durable events."""

from __future__ import annotations

import queue
import time

from models.types import Samples
from pipeline.core.events import DurableEvent, EndCode, EphemeralEvent, Event, Result
from pipeline.core.session import Session, SessionSettings
from pipeline.shell import CallEngines, CallShell, Surroundings
from pipeline.workers import Workers

MAX_WAITING_JOBS = 16
"""Jobs of one call in the queue at once: enough to keep all workers busy, few enough to bound memory."""


class Call:
    """Feeds one session and collects its durable events. Use from one thread, as a context manager."""

    def __init__(
        self, settings: SessionSettings, engines: CallEngines, workers: Workers, aside: bool = False
    ) -> None:
        """`aside`: see `Workers`."""
        self.events: list[DurableEvent] = []
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        around = Surroundings(engines, workers, self._results.put, self._keep, aside=aside)
        self._shell = CallShell(Session(settings), settings.channels, around)

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.close()

    def hear(self, block: Samples) -> None:
        """More audio, shape (channels, n); waits while too many jobs are waiting."""
        for index, samples in enumerate(block):
            self._shell.hear(index, samples)
        while self._shell.jobs_waiting >= MAX_WAITING_JOBS or not self._results.empty():
            self._take_result()

    def end(self, code: EndCode) -> None:
        """Hang-up: waits for what is still missing, up to the deadlines; then the call is closed."""
        self._shell.end(code)
        while not self._shell.session.closed:
            self._take_result()

    def _take_result(self) -> None:
        wake_at_s = self._shell.session.wake_at_s
        timeout_s = None if wake_at_s is None else max(0.0, wake_at_s - time.monotonic())
        try:
            result = self._results.get(timeout=timeout_s)
        except queue.Empty:
            self._shell.advance()
        else:
            self._shell.take(result)

    def _keep(self, event: Event) -> None:
        if not isinstance(event, EphemeralEvent):
            self.events.append(event)

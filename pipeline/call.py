"""A call that waits: a recording, from its audio to its durable events."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable

from models.types import Samples
from pipeline.core.events import DurableEvent, EndCode, EphemeralEvent, Event, Result
from pipeline.core.session import Session, SessionSettings
from pipeline.shell import CallEngines, CallShell, Surroundings
from pipeline.workers import Workers

MAX_WAITING_JOBS = 16
"""Jobs of one call in the queue at once: enough to keep all workers busy, few enough to bound memory."""

LOOK_S = 0.2
"""How soon a call that waits for a result sees that it is to stop."""


class Stopped(Exception):
    """The run was told to stop; the call at hand was given up."""


def never() -> bool:
    """Nobody stops the call."""
    return False


class Call:
    """Feeds one session and collects its durable events. Use from one thread, as a context manager."""

    def __init__(
        self,
        settings: SessionSettings,
        engines: CallEngines,
        workers: Workers,
        aside: bool = False,
        stopped: Callable[[], bool] = never,
    ) -> None:
        """`aside`: see `Workers`. `stopped` tells whether the call is to be given up."""
        self._stopped = stopped
        self.events: list[DurableEvent] = []
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        around = Surroundings(engines, workers, self._results.put, self._keep, aside=aside)
        self._shell = CallShell(Session(settings), settings.channels, around)

    def __enter__(self) -> Call:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._shell.close(at_once=kind is Stopped)

    def hear(self, block: Samples) -> None:
        """More audio, shape (channels, n); waits while too many jobs are waiting. Raises `Stopped`."""
        self._go_on()
        for index, samples in enumerate(block):
            self._shell.hear(index, samples)
        while self._shell.jobs_waiting >= MAX_WAITING_JOBS or not self._results.empty():
            self._take_result()

    def end(self, code: EndCode) -> None:
        """Hang-up: waits for what is still missing, up to the deadlines; then the call is closed.

        Raises `Stopped`.
        """
        self._shell.end(code)
        while not self._shell.session.closed:
            self._take_result()

    def _take_result(self) -> None:
        self._go_on()
        wake_at_s = self._shell.session.wake_at_s
        left_s = math.inf if wake_at_s is None else max(0.0, wake_at_s - time.monotonic())
        try:
            result = self._results.get(timeout=min(left_s, LOOK_S))
        except queue.Empty:
            if left_s <= LOOK_S:
                self._shell.advance()
        else:
            self._shell.take(result)

    def _go_on(self) -> None:
        if self._stopped():
            raise Stopped

    def _keep(self, event: Event) -> None:
        if not isinstance(event, EphemeralEvent):
            self.events.append(event)

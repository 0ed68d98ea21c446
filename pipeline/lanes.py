"""The diarizers of mono calls, each on a thread of its own beside the workers."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from functools import partial
from typing import Any

from models.ports import Diarizer, DiarizerStream
from models.types import Samples, Turn
from pipeline.core.events import Failure, Result
from pipeline.jobs import Deliver
from pipeline.workers import PATIENCE_S, TRIES, attempt

log = logging.getLogger(__name__)

WAITING_BLOCKS = 32
"""Blocks of audio that wait for a diarizer before its call waits too."""


class DiarizerLane:
    """One mono call's diarizer on a thread of its own: hears blocks in order, keeps few of them waiting.

    A block waits `TRIES` times `patience_s` for its place, and `close` waits `patience_s`, each once: an
    engine that never comes back costs its call no more than that.
    """

    def __init__(
        self,
        diarizer: Diarizer,
        deliver: Deliver,
        patience_s: float = PATIENCE_S,
        waiting_blocks: int = WAITING_BLOCKS,
    ) -> None:
        self._diarizer = diarizer
        self._deliver = deliver
        self._patience_s = patience_s
        self._abandoned = False
        self._inbox: queue.Queue[Samples | str | None] = queue.Queue(waiting_blocks)
        self._thread = threading.Thread(target=self._work, name="wrapup-diarizer", daemon=True)
        self._thread.start()

    def push(self, samples: Samples) -> None:
        """The next block, shape (n,); waits while too many are waiting, and gives up on a stuck engine."""
        self._put(samples)

    def finish(self, job_id: str) -> None:
        """The audio is over: deliver the turns of the whole call, or a failure."""
        if not self._put(job_id):
            self._deliver(Result(job_id, Failure("stuck")))

    def close(self) -> None:
        """Tidy up, or give up what is waiting; joins the thread."""
        self._abandoned = True
        with contextlib.suppress(queue.Full):
            self._inbox.put(None, timeout=self._patience_s)
            self._thread.join(self._patience_s)

    def _put(self, item: Samples | str) -> bool:
        if not self._abandoned:
            try:
                self._inbox.put(item, timeout=self._patience_s * TRIES)
            except queue.Full:
                log.error("diarizer is stuck: its call goes on without it")
                self._abandoned = True
        return not self._abandoned

    def _work(self) -> None:
        stream: Any = attempt(self._diarizer.open)
        while (item := self._inbox.get()) is not None:
            if self._abandoned:
                return
            if isinstance(item, str):
                turns = stream if isinstance(stream, Failure) else attempt(partial(_turns, stream))
                self._deliver(Result(item, turns))
            elif not isinstance(stream, Failure):
                fault = attempt(partial(stream.push, item))
                stream = fault if isinstance(fault, Failure) else stream


def _turns(stream: DiarizerStream) -> tuple[Turn, ...]:
    return tuple(sorted(stream.end(), key=lambda turn: turn.start_samples))

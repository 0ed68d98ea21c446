"""The diarizers of mono calls, each on a thread of its own beside the workers."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

from models.ports import Diarizer, DiarizerStream
from models.types import Samples
from pipeline.core.events import Failure, Result
from pipeline.jobs import Deliver
from pipeline.workers import PATIENCE_S, TRIES, attempt

log = logging.getLogger(__name__)

WAITING_BLOCKS = 32
"""Blocks of audio that wait for a diarizer before its call waits too."""

BEHIND_BLOCKS = 32
"""So many waiting blocks, two seconds of a live call, and questions are left out until it has caught up."""

NO_TIME = Failure("no time")
"""The answer to a question about a call that goes on when the diarizer is behind, or the call is over."""


@dataclass(frozen=True, slots=True)
class _Question:
    """Who spoke: in the whole call, which is over, or in what was heard of it so far."""

    job_id: str
    whole: bool


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
        self._over = False
        self._asked = False
        self._inbox: queue.Queue[Samples | _Question | None] = queue.Queue(waiting_blocks)
        self._thread = threading.Thread(target=self._work, name="wrapup-diarizer", daemon=True)
        self._thread.start()

    def push(self, samples: Samples) -> None:
        """The next block, shape (n,); waits while too many are waiting, and gives up on a stuck engine."""
        self._put(samples)

    def ask(self, job_id: str) -> None:
        """Deliver the turns of what was pushed so far, or a failure; never waits.

        One question waits at a time. It fails at once where one does already, where the diarizer is behind by
        `BEHIND_BLOCKS` or not `online` at all; and when its turn comes after `finish`.
        """
        if not self._may_ask():
            self._deliver(Result(job_id, NO_TIME))
            return
        self._asked = True
        try:
            self._inbox.put_nowait(_Question(job_id, whole=False))
        except queue.Full:
            self._asked = False
            self._deliver(Result(job_id, NO_TIME))

    def finish(self, job_id: str) -> None:
        """The audio is over: deliver the turns of the whole call, or a failure."""
        self._over = True
        if not self._put(_Question(job_id, whole=True)):
            self._deliver(Result(job_id, Failure("stuck")))

    def close(self, at_once: bool = False) -> None:
        """Tidy up, or give up what is waiting; joins the thread, unless nobody is to wait for it."""
        self._abandoned = True
        patience_s = 0.0 if at_once else self._patience_s
        with contextlib.suppress(queue.Full):
            self._inbox.put(None, timeout=patience_s)
            self._thread.join(patience_s)

    def _may_ask(self) -> bool:
        behind = self._inbox.qsize() >= BEHIND_BLOCKS
        return self._diarizer.online and not (behind or self._asked or self._abandoned)

    def _put(self, item: Samples | _Question) -> bool:
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
            if isinstance(item, _Question):
                if not item.whole:
                    self._asked = False
                self._deliver(Result(item.job_id, self._answer(stream, item.whole)))
            elif not isinstance(stream, Failure):
                fault = attempt(partial(stream.push, item))
                stream = fault if isinstance(fault, Failure) else stream

    def _answer(self, stream: DiarizerStream | Failure, whole: bool) -> Any:
        if isinstance(stream, Failure):
            return stream
        if self._over and not whole:
            return NO_TIME
        turns = attempt(stream.end if whole else stream.so_far)
        return (
            turns if isinstance(turns, Failure) else tuple(sorted(turns, key=lambda turn: turn.start_samples))
        )

"""All live calls of one server: a stream finds its call here, a new call is taken or not, each one ends."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Protocol

from pipeline.core.events import EndCode
from pipeline.doors.messages import Started, Welcome
from pipeline.live.admission import Refusal
from pipeline.live.metrics import Metrics
from pipeline.live.port import Call, HangUp
from pipeline.live.streams import POLICY, TRY_AGAIN, Stream, StreamRefused

log = logging.getLogger(__name__)

MOST_CALLS = 100
"""Calls of which the vendor has one id, since its stream was stopped and begun again."""

LONGEST_ID = 140
"""Of an id that gets a number behind it."""

DRAINING = Refusal("the server is going down; another one takes the call", retry_s=1)

Joined = Future[tuple[Stream, Welcome]]


class Judge(Protocol):
    """Whether one more call can be taken. One thread at a time."""

    def judge(self, calls: int) -> Refusal | None:
        """Whether a call more than the `calls` in progress is refused."""
        ...

    def took(self) -> None:
        """A call was taken."""
        ...


class Beginnings(Protocol):
    """How calls come to be: the part of the application that knows engines and the store."""

    def begin(self, started: Started) -> Call:
        """A new call; it is stored that it began."""
        ...

    def is_over(self, call_id: str) -> bool:
        """Whether a call of that id is closed already. Raises `StreamRefused` while that is not known."""
        ...


class Switchboard:
    """Live calls by id. Methods may be called from any thread; `tick` from one."""

    def __init__(self, beginnings: Beginnings, admission: Judge, metrics: Metrics) -> None:
        self._beginnings = beginnings
        self._admission = admission
        self._metrics = metrics
        self._calls: dict[str, Call] = {}
        # The event loop takes the lock, so that nobody may wait for the store or an engine while holding it.
        # A call that begins has its place before that, and other streams of it wait for it alone.
        self._beginning: dict[str, Future[Call]] = {}
        self._lock = threading.Lock()
        self._draining = False
        self._ended_with: EndCode | None = None

    def __len__(self) -> int:
        """How many calls are in progress or about to begin."""
        with self._lock:
            return len(self._calls.keys() | self._beginning.keys())

    def calls(self) -> list[Call]:
        """The calls in progress."""
        with self._lock:
            return list(self._calls.values())

    def find(self, call_id: str) -> Call | None:
        """The call of that id, if it is in progress."""
        with self._lock:
            return self._calls.get(call_id)

    def refusal(self, call_id: str | None = None) -> Refusal | None:
        """Why a stream would be turned away now; one of a call in progress never is."""
        with self._lock:
            if call_id is not None and call_id in self._calls:
                return None
            return self._judge()

    def count_refusal(self, why: str) -> None:
        """A stream was turned away."""
        self._metrics.refusals.labels(why).inc()

    def join(self, started: Started, hang_up: HangUp) -> tuple[Call, Joined]:
        """A stream begins or joins its call. Blocks while the store is asked. Raises `StreamRefused`."""
        if started.may_return:
            started = self._as_open_call(started)
        call = self._find(started)
        return call, call.join(started, hang_up)

    def _as_open_call(self, started: Started) -> Started:
        """The stream with the id of a call that is not over: its own, or that with a number behind it."""
        call_id, number = started.info.call_id, 1
        while self._is_closed(started.info.call_id) and number < MOST_CALLS:
            number += 1
            started = replace(started, info=replace(started.info, call_id=f"{call_id[:LONGEST_ID]}.{number}"))
        return started

    def _is_closed(self, call_id: str) -> bool:
        with self._lock:
            call, begins = self._calls.get(call_id), call_id in self._beginning
        # A call that has hung up is in progress for as long as its note is written.
        return call.is_over if call is not None else not begins and self._beginnings.is_over(call_id)

    def adopt(self, call: Call) -> None:
        """A call that was in progress before a restart goes on."""
        self._put(call)
        call.resume()

    def tick(self, now_s: float) -> None:
        """Wake the calls that are due."""
        for call in self.calls():
            if call.due_s <= now_s:
                call.tick()

    def drain(self) -> None:
        """Take no more calls."""
        self._draining = True

    def end_all(self, code: EndCode) -> None:
        """End what is still in progress, and what has begun by the time that it is put here."""
        with self._lock:
            self._ended_with = code
        for call in self.calls():
            call.end(code)

    def _judge(self) -> Refusal | None:
        if self._draining:
            return DRAINING
        return self._admission.judge(len(self._calls) + len(self._beginning))

    def _find(self, started: Started) -> Call:
        """The call of this id, in progress, beginning or new. Raises `StreamRefused`."""
        info = started.info
        with self._lock:
            call = self._calls.get(info.call_id)
            if call is not None:
                return call
            beginning = self._beginning.get(info.call_id)
            if beginning is None:
                refusal = self._judge()
                if refusal is not None:
                    again = f"{refusal.reason}; try again in {refusal.retry_s} s"
                    raise StreamRefused(TRY_AGAIN, again, load=True)
                self._admission.took()
                place = self._beginning[info.call_id] = Future[Call]()
        return beginning.result() if beginning is not None else self._begin(started, place)

    def _begin(self, started: Started, place: Future[Call]) -> Call:
        try:
            call = self._take(started)
        except BaseException as error:
            with self._lock:
                self._beginning.pop(started.info.call_id, None)
            place.set_exception(error)
            raise
        place.set_result(call)
        return call

    def _take(self, started: Started) -> Call:
        info = started.info
        if self._beginnings.is_over(info.call_id):
            raise StreamRefused(POLICY, "the call is over: a new call needs a new id")
        with self._lock:
            # What a server before this one left may have been adopted while the store was asked.
            adopted = self._calls.get(info.call_id)
            if adopted is not None:
                return adopted
        call = self._beginnings.begin(started)
        self._put(call)
        call.open_leg(info.associate, info.queue)
        return call

    def _put(self, call: Call) -> None:
        with self._lock:
            self._beginning.pop(call.info.call_id, None)
            self._calls[call.info.call_id] = call
            self._metrics.calls.set(len(self._calls))
            ended_with = self._ended_with
        call.done.add_done_callback(partial(self._ended, call.info.call_id))
        if ended_with is not None:
            call.end(ended_with)

    def _ended(self, call_id: str, done: Future[EndCode]) -> None:
        with self._lock:
            self._calls.pop(call_id, None)
            self._metrics.calls.set(len(self._calls))
        self._metrics.calls_ended.labels(done.result()).inc()
        log.info("call %s closed: %s", call_id, done.result())

"""The items of a session of `/v1/realtime`: what of a call is told, in which events.

A server that detects turns makes an item of each utterance; its id is that of the utterance. Where the client
commits, an item is what was said between two commits, and its id is the number of the commit. Text goes out
in deltas that are never taken back; what an item's `completed` says holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from models.types import RATE_HZ
from pipeline.core.events import (
    Event,
    Flushed,
    Partial,
    SpeakerHeard,
    SpeakerRevised,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.transcript import utterance_id
from pipeline.doors.openai_events import (
    Form,
    Ledger,
    completed,
    delta,
    error,
    failed,
    nothing_to_commit,
    speech,
    text_of,
)
from pipeline.doors.openai_session import Fault, Json

MOST_COMMITS = 64
"""Commits that may wait for their text at once."""

MOST_HELD = 500
"""Utterances that a client may leave without a commit; then they are an item all the same."""

MOST_OPEN = 16
"""Utterances that were heard to begin and have no text yet."""


class Items(Protocol):
    """The items of one session; gives the server's events without their ids."""

    def event(self, event: Event) -> list[Json]:
        """An event of the call."""
        ...

    def commit(self, event_id: str | None, seconds: float) -> list[Json]:
        """The client commits `seconds` of audio; `event_id` is its own. Raises `Fault`."""
        ...

    def end(self) -> list[Json]:
        """The call is closed: all its events are out."""
        ...


@dataclass(slots=True)
class _Open:
    item_id: str
    start: int
    end: int
    sent: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Commit:
    event_id: str | None
    told: int


class DetectedItems:
    """An item an utterance. See `Items`.

    A commit ends the utterance at hand. One before which nothing new was said gets an error once all that was
    said before is told; so a client that commits twice in a row knows by that error that nothing is missing.
    """

    def __init__(self, form: Form) -> None:
        self._ledger = Ledger(form)
        self._open: deque[_Open] = deque()
        self._settled = -1
        self._commits: deque[_Commit] = deque()
        self._told = 0
        self._told_before = 0

    def event(self, event: Event) -> list[Json]:
        """See `Items`."""
        match event:
            case Partial():
                return self._partial(event)
            case UtteranceFinal() | UtteranceLost():
                return self._utterance(event)
            case SpeakerHeard() | SpeakerRevised():
                return self._ledger.spoken_by(event)
            case Flushed():
                return self._flushed(event)
        return []

    def commit(self, event_id: str | None, seconds: float) -> list[Json]:
        """See `Items`."""
        if len(self._commits) >= MOST_COMMITS:
            raise too_many_commits()
        self._commits.append(_Commit(event_id, self._told))
        return []

    def end(self) -> list[Json]:
        """See `Items`."""
        return self._give_up(None)

    def _partial(self, event: Partial) -> list[Json]:
        if event.start_samples <= self._settled:
            return []
        out: list[Json] = []
        one = self._find(event.start_samples)
        if one is None:
            if len(self._open) >= MOST_OPEN:
                return []
            # Its text may take a while, but the speech before this one is over.
            out = [event for earlier in self._open for event in _stop(earlier)]
            one = self._begin(event.channel, event.start_samples)
            self._open.append(one)
            out.append(speech("started", one.item_id, start=one.start))
        one.end = max(one.end, event.end_samples)
        return out + _more(one, event.committed)

    def _utterance(self, event: UtteranceFinal | UtteranceLost) -> list[Json]:
        out = self._give_up(event.start_samples)
        self._settled = max(self._settled, event.start_samples)
        one = self._find(event.start_samples)
        if one is None:
            one = self._begin(event.channel, event.start_samples)
            out.append(speech("started", one.item_id, start=one.start))
        else:
            self._open.remove(one)
        one.end = event.end_samples
        out += self._stopped(one)
        if isinstance(event, UtteranceLost):
            return [*out, failed(one.item_id, event.reason)]
        text = text_of(event.words)
        out += _more(one, text)
        out += self._ledger.remember(one.item_id, event)
        return [*out, completed(one.item_id, text, (one.end - one.start) / RATE_HZ)]

    def _find(self, start: int) -> _Open | None:
        return next((one for one in self._open if one.start == start), None)

    def _begin(self, channel: int, start: int) -> _Open:
        return _Open(f"item_{utterance_id(channel, start)}", start, start)

    def _stopped(self, one: _Open) -> list[Json]:
        self._told += 1
        return [*_stop(one), *self._ledger.committed(one.item_id)]

    def _give_up(self, before: int | None) -> list[Json]:
        """What was heard to begin, and had no words after all: nothing else tells its end."""
        out: list[Json] = []
        for one in sorted(self._open, key=lambda one: one.start):
            if before is None or one.start < before:
                self._open.remove(one)
                out += [*self._stopped(one), completed(one.item_id, "", (one.end - one.start) / RATE_HZ)]
        return out

    def _flushed(self, event: Flushed) -> list[Json]:
        if not self._commits:
            return []
        out = self._give_up(event.until_samples)
        commit = self._commits.popleft()
        if self._told <= max(commit.told, self._told_before):
            out.append(error(nothing_to_commit(), commit.event_id))
        self._told_before = self._told
        return out


@dataclass(slots=True)
class _Held:
    event: UtteranceFinal | UtteranceLost
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Window:
    item_id: str
    seconds: float


class CommittedItems:
    """An item a commit. See `Items`.

    Each utterance is a delta once its text is final. A commit is answered at once; its text follows when all
    that was said before it has been read. What could not be read is missing in an item that has other text.
    """

    def __init__(self, form: Form) -> None:
        self._ledger = Ledger(form)
        self._held: list[_Held] = []
        self._windows: deque[_Window] = deque()
        self._number = 1

    def event(self, event: Event) -> list[Json]:
        """See `Items`."""
        match event:
            case UtteranceFinal() | UtteranceLost():
                return self._utterance(event)
            case SpeakerHeard() | SpeakerRevised():
                return self._ledger.spoken_by(event)
            case Flushed():
                return self._flushed(event.until_samples)
        return []

    def commit(self, event_id: str | None, seconds: float) -> list[Json]:
        """See `Items`."""
        if not seconds:
            raise nothing_to_commit()
        if len(self._windows) >= MOST_COMMITS:
            raise too_many_commits()
        return self._commit(seconds)

    def end(self) -> list[Json]:
        """See `Items`."""
        out: list[Json] = []
        if self._held and not self._windows:
            out += self._commit(self._held_s())
        while self._windows:
            out += self._flushed(None)
        return out

    def _utterance(self, event: UtteranceFinal | UtteranceLost) -> list[Json]:
        self._held.append(_Held(event))
        if self._windows:
            # Whether it is still part of what was committed is known with `Flushed`.
            return []
        if len(self._held) >= MOST_HELD:
            return [*self._commit(self._held_s()), *self._flushed(None)]
        return self._tell(self._item_id(), self._held)

    def _commit(self, seconds: float) -> list[Json]:
        window = _Window(self._item_id(), seconds)
        self._windows.append(window)
        self._number += 1
        return self._ledger.committed(window.item_id)

    def _flushed(self, until: int | None) -> list[Json]:
        if not self._windows:
            return []
        window = self._windows.popleft()
        inside = [one for one in self._held if until is None or one.event.start_samples < until]
        self._held = [one for one in self._held if one not in inside]
        out = self._tell(window.item_id, inside)
        texts = [text_of(one.event.words) for one in inside if isinstance(one.event, UtteranceFinal)]
        lost = [one.event.reason for one in inside if isinstance(one.event, UtteranceLost)]
        if lost and not texts:
            out.append(failed(window.item_id, lost[0]))
        else:
            out.append(completed(window.item_id, " ".join(texts), window.seconds))
        return out if self._windows else out + self._tell(self._item_id(), self._held)

    def _tell(self, item_id: str, held: Sequence[_Held]) -> list[Json]:
        """Deltas of what is in an item and was not told yet."""
        out: list[Json] = []
        first = True
        for one in held:
            if not isinstance(one.event, UtteranceFinal):
                continue
            if not one.told:
                one.told = True
                out.append(delta(item_id, ("" if first else " ") + text_of(one.event.words)))
                out += self._ledger.remember(item_id, one.event)
            first = False
        return out

    def _item_id(self) -> str:
        """That of the item to come."""
        return f"item_c{self._number}"

    def _held_s(self) -> float:
        return (self._held[-1].event.end_samples - self._held[0].event.start_samples) / RATE_HZ


def too_many_commits() -> Fault:
    """A client that does not wait."""
    return Fault(f"up to {MOST_COMMITS} commits wait for their text at once", code="rate_limit_exceeded")


def _stop(one: _Open) -> list[Json]:
    """The end of an utterance's speech, once: as far as it is known by then."""
    if one.stopped:
        return []
    one.stopped = True
    return [speech("stopped", one.item_id, end=one.end)]


def _more(one: _Open, text: str) -> list[Json]:
    """What `text` adds to what was sent; nothing where it says something else."""
    if not text.startswith(one.sent) or len(text) == len(one.sent):
        return []
    more, one.sent = text[len(one.sent) :], text
    return [delta(one.item_id, more)]

"""What waits on this machine's disk until the database has it.

A call never waits for a database: a record is appended to a file, sealed, and the `StoreWriter` takes it from
there. What was appended survives the death of the process; what the operating system had not yet written to
the disk does not survive a power failure. Files are deleted once their records are in the store; a record may
then be written a second time after a crash, which changes nothing there.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.core.events import CallClosed, DraftReady
from pipeline.store.errors import SpoolFullError, StoreAwayError, StoreError, UnreadableError
from pipeline.store.packing import call_of, pack, unpack
from pipeline.store.records import EventRecord, Record
from pipeline.store.rejects import Rejects
from pipeline.store.segments import SUFFIX, Entry, Segment, bytes_taken
from pipeline.store.vault import Vault

log = logging.getLogger(__name__)

SEGMENT_BYTES = 256 * 1024
"""A file is closed at this size: as much is written again at most after a crash."""
RESERVE_SHARE = 20
"""A twentieth of the limit is for the ends of calls: a call that is cut short is known to be over."""
REJECTS_SHARE = 10
"""What the store refuses may take a tenth of the limit more."""
RESERVED = "reserved"
"""The file with the highest number of an event that may have been told to somebody."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The oldest waiting records, packed, with the place behind the last of them."""

    contents: tuple[bytes, ...]
    end: int


class Spool:
    """A bounded queue of records on disk. Any thread appends; one thread takes batches, in order."""

    def __init__(self, folder: Path, limit_bytes: int, vault: Vault) -> None:
        """Open a folder, alone, with what a process before left in it.

        Raises `StoreError` for a folder that another process has or that cannot be used, `UnreadableError`
        for files of another key.
        """
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._reserve_bytes = limit_bytes // RESERVE_SHARE
        self._segment_bytes = min(SEGMENT_BYTES, limit_bytes // 4)
        self._vault = vault
        self._changed = threading.Condition()
        self._draining = False
        self._lock = FileLock(folder / "lock", mode=0o600, thread_local=False)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            self._rejects = Rejects(folder, limit_bytes // REJECTS_SHARE, vault)
            self._segments = deque(self._reopen(path) for path in sorted(folder.glob(f"*{SUFFIX}")))
        except Timeout as error:
            raise StoreError(f"spool {folder}: another process has it") from error
        except OSError as error:
            raise StoreError(f"spool {folder}: cannot be used ({error.strerror})") from error
        except StoreError:
            self._lock.release()
            raise
        self._next = int(self._segments[-1].path.stem) + 1 if self._segments else 1
        self._active: Segment | None = None
        self._bytes = sum(segment.size for segment in self._segments)
        self._waiting = sum(segment.records for segment in self._segments)
        self._written = 0
        self._taken = 0
        self._offset = 0
        with self._changed:
            self._drop_written()

    @property
    def waiting_records(self) -> int:
        """Records that the store does not have yet."""
        return self._waiting

    @property
    def waiting_bytes(self) -> int:
        """Bytes of those records on disk."""
        with self._changed:
            return self._bytes - self._offset

    def last_seq(self) -> int:
        """The highest seq of the events here; 0 where there are none."""
        with self._changed:
            return max((segment.last_seq for segment in self._segments), default=0)

    def reserved_seq(self) -> int:
        """The highest number that `reserve_seq` was told; 0 before that."""
        try:
            return int((self._folder / RESERVED).read_text())
        except (OSError, ValueError):
            return 0

    def reserve_seq(self, seq: int) -> None:
        """Remember that events up to this number may have been told to somebody, also if they are lost.

        Where the disk refuses, what is remembered stays as it was.
        """
        coming = self._folder / f"{RESERVED}.part"
        with contextlib.suppress(OSError):
            coming.write_text(f"{seq}\n")
            coming.replace(self._folder / RESERVED)

    def append(self, record: Record) -> None:
        """Keep a record; returns once the operating system has it.

        Raises `SpoolFullError` at the limit, or where the disk takes no more. Nothing of it is then kept. The
        last of the room is for the note and the close of a call.
        """
        room = self._limit_bytes if ends_call(record) else self._limit_bytes - self._reserve_bytes
        content = pack(record)
        seq = record.seq if isinstance(record, EventRecord) else 0
        with self._changed:
            try:
                segment = self._writable()
                sealed = segment.seal(content)
                taken = self._bytes + bytes_taken(sealed)
                if taken > room:
                    raise SpoolFullError(f"spool {self._folder}: full ({self._limit_bytes} bytes)")
                segment.append(sealed, seq)
                self._bytes = taken
                self._waiting += 1
            except OSError as error:
                raise SpoolFullError(f"spool {self._folder}: cannot be written ({error.strerror})") from error
            self._changed.notify_all()

    def next_batch(self, count: int) -> Batch | None:
        """Wait for records and give the oldest, `count` at most; None when there will be no more.

        Gives the same again until `written` was called. Raises `UnreadableError` for damaged records, and
        `StoreAwayError` while the disk cannot be read.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._draining)
            if not self._waiting:
                return None
            first, offset = self._segments[0], self._offset
        try:
            entries = first.read(offset, count, up_to_damage=True)
        except OSError as error:
            raise StoreAwayError(f"{first.path}: cannot be read ({error.strerror})") from error
        if not entries:
            # A damaged record is named by who cannot open it, a hole by its place.
            first.read(offset, 1)
            raise UnreadableError(f"{first.path}: damaged behind byte {offset}")
        return Batch(tuple(entry.content for entry in entries), entries[-1].end)

    def written(self, batch: Batch) -> None:
        """The store has these records: they need not be kept."""
        with self._changed:
            self._taken += len(batch.contents)
            self._waiting -= len(batch.contents)
            self._written += len(batch.contents)
            self._offset = batch.end
            self._drop_written()
            self._changed.notify_all()

    def reject(self, content: bytes) -> bool:
        """Set a record aside that the store refuses; False where as many lie there as may.

        Raises `SpoolFullError` where the disk takes no more.
        """
        return self._rejects.keep(content)

    def set_damaged_aside(self) -> int:
        """Keep a copy of the oldest file, for what `next_batch` cannot read of it, and give it up; how many
        records are in the rest of it, none of which reach the store. Raises `StoreAwayError` where the disk
        refuses.
        """
        with self._changed:
            first, lost = self._segments[0], self._segments[0].records - self._taken
            if first is self._active:
                first.finish()
                self._active = None
            try:
                self._rejects.keep_file(first.path)
                first.path.unlink()
            except OSError as error:
                raise StoreAwayError(f"{first.path}: cannot be set aside ({error.strerror})") from error
            self._segments.popleft()
            self._bytes -= first.size
            self._waiting -= lost
            self._written += lost
            self._taken = self._offset = 0
            self._drop_written()
            self._changed.notify_all()
            return lost

    def pending(self, call_id: str | None, after_seq: int, limit: int) -> list[EventRecord]:
        """Events that wait here, of one call or of all, with a seq over `after_seq`, in order.

        What is not here is in the store by the time this returns: read here first, then there.
        """
        with self._changed:
            places = [
                (segment, self._offset if index == 0 else segment.start)
                for index, segment in enumerate(self._segments)
                if segment.last_seq > after_seq
            ]
        found: list[EventRecord] = []
        for segment, offset in places:
            found += self._events_in(segment, offset, call_id, after_seq)
            if len(found) >= limit:
                break
        return found[:limit]

    def call_ids(self) -> set[str]:
        """Calls of which something waits here, as far as it can be read."""
        with self._changed:
            places = [
                (segment, self._offset if index == 0 else segment.start)
                for index, segment in enumerate(self._segments)
            ]
        return {call_of(entry.content) for place in places for entry in self._entries_in(*place)}

    def mark(self) -> int:
        """The place behind all that was appended so far, for `wait_until_written`."""
        with self._changed:
            return self._written + self._waiting

    def wait_until_written(self, timeout_s: float, mark: int | None = None) -> bool:
        """Whether the store has all that was appended, up to `mark` or up to now, within this time."""
        end = self.mark() if mark is None else mark
        with self._changed:
            return self._changed.wait_for(lambda: self._written >= end, timeout_s)

    def drain(self) -> None:
        """Nothing more will be appended: once nothing waits, `next_batch` gives None."""
        with self._changed:
            self._draining = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let go of the folder; what still waits stays there for the next process."""
        with self._changed:
            if self._active is not None:
                self._active.finish()
                self._active = None
            self._drop_written()
        self._lock.release()

    def _reopen(self, path: Path) -> Segment:
        """A file of a process before, up to what is not whole; a damaged one is kept as it was, too."""
        segment = Segment.reopen(path, self._vault)
        if segment.is_damaged:
            kept = self._rejects.keep_file(path)
            log.error("%s: damaged behind byte %d; %s", path, segment.size, told_fate(kept))
        segment.cut()
        return segment

    def _writable(self) -> Segment:
        if self._active is not None and self._active.size >= self._segment_bytes:
            self._active.finish()
            self._active = None
            self._drop_written()
        if self._active is None:
            path = self._folder / f"{self._next:012d}{SUFFIX}"
            self._next += 1
            self._active = Segment.create(path, self._vault)
            self._bytes += self._active.size
            self._segments.append(self._active)
            self._start_at_first()
        return self._active

    def _drop_written(self) -> None:
        """Delete the files whose records are all in the store, but not the one that is being written."""
        while self._segments and self._segments[0] is not self._active:
            if self._taken < self._segments[0].records:
                break
            written = self._segments.popleft()
            written.path.unlink(missing_ok=True)
            self._bytes -= written.size
            self._taken = self._offset = 0
        self._start_at_first()

    def _start_at_first(self) -> None:
        if self._segments:
            self._offset = max(self._offset, self._segments[0].start)

    @staticmethod
    def _entries_in(segment: Segment, offset: int, after_seq: int = -1) -> list[Entry]:
        """What is in a file, up to damage; nothing where it was written, and deleted, meanwhile."""
        try:
            return segment.read(offset, segment.records, after_seq, up_to_damage=True)
        except FileNotFoundError:
            return []

    def _events_in(
        self, segment: Segment, offset: int, call_id: str | None, after_seq: int
    ) -> list[EventRecord]:
        records = (_readable(entry.content) for entry in self._entries_in(segment, offset, after_seq))
        return [
            record
            for record in records
            if isinstance(record, EventRecord) and call_id in (None, record.call_id)
        ]


def told_fate(kept: bool) -> str:
    """What became of something that the store cannot take, for the log."""
    return "it was set aside" if kept else "it was dropped, for too much was set aside"


def ends_call(record: Record) -> bool:
    """Whether the reserve of a spool is for this record."""
    return isinstance(record, EventRecord) and isinstance(record.event, CallClosed | DraftReady)


def _readable(content: bytes) -> Record | None:
    """A record; None for one that the writer will set aside."""
    try:
        return unpack(content)
    except StoreError:
        return None

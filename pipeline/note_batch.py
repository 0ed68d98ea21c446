"""A folder of transcripts: the note of each, several at once, at a pace that services allow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from models.errors import DecodingCancelled, WrapupError
from models.ports import Summarizer
from pipeline.batch import Recording, Target
from pipeline.document import made_by, note
from pipeline.formats.call_json import CallDocument, Provenance, read_call
from pipeline.notes import GoOn, NoteWriting, write_note
from pipeline.sinks.files import write_document
from pipeline.transcripts import CallText, read_call_text, said_on

LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Noting:
    """What makes the documents of a folder: who writes, where they go, what they say of the configuration."""

    writing: NoteWriting
    target: Target
    wrapup: str
    config: dict[str, JsonValue]
    stop: threading.Event = field(default_factory=threading.Event)

    def go_on(self) -> bool:
        """Whether the notes are still wanted."""
        return not self.stop.is_set()


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of a transcript: a document, or a line for the user. `known`: an earlier run left it."""

    recording: Recording
    document: CallDocument | None
    fault: str | None = None
    known: bool = False


def note_all(todo: Sequence[Recording], noting: Noting, *, jobs: int, resume: bool) -> Iterator[Noted]:
    """Read, note and write, `jobs` at once; gives each outcome as it is there.

    `resume` leaves documents as they are that were made of the same words by the same. Closing the iterator,
    or an exception in its consumer, stops what is at work.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="wrapup-note") as pool:
        waiting: set[Future[Noted]] = {pool.submit(_one, item, noting, resume) for item in todo}
        try:
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        finally:
            if waiting:
                noting.stop.set()
            for future in waiting:
                future.cancel()


def read_transcript(recording: Recording, noting: Noting, summarizer: Summarizer) -> CallText:
    """A transcript without its note, which `summarizer` is to write. Raises `InputError`."""
    known = Provenance(wrapup=noting.wrapup, summarizer=summarizer.version)
    call = read_call_text(recording.path, recording.call_id, known)
    return replace(call, document=_by(call.document, summarizer, noting.config))


def _by(document: CallDocument, summarizer: Summarizer, config: dict[str, JsonValue]) -> CallDocument:
    known = document.provenance.model_copy(update={"config": document.provenance.config | config})
    return document.model_copy(update={"provenance": made_by(known, summarizer.version)})


def _one(recording: Recording, noting: Noting, resume: bool) -> Noted:
    try:
        call = read_transcript(recording, noting, noting.writing.summarizer)
        known = _known(call.document, noting.target) if resume else None
        if known is not None:
            return Noted(recording, known, known=True)
        found = noted(call, noting)
        write_document(found, noting.target.folder, noting.target.formats)
    except DecodingCancelled:
        return Noted(recording, None, f"{recording.path}: stopped")
    except WrapupError as error:
        told = str(error)
        return Noted(recording, None, told if str(recording.path) in told else f"{recording.path}: {told}")
    return Noted(recording, found)


def noted(call: CallText, noting: Noting) -> CallDocument:
    """The document with its note; one that was stood in for says who wrote it. Raises `WrapupError`."""
    writing, document = noting.writing, call.document
    summary = write_note(said_on(call), writing, noting.go_on)
    if summary.stand_in is not None and writing.stand_in is not None:
        document = _by(document, writing.stand_in, noting.config)
    return document.model_copy(update={"summary": note(summary)})


def _known(document: CallDocument, target: Target) -> CallDocument | None:
    """What an earlier run wrote, if of the same words by the same; all its formats are there."""
    if any(not (target.folder / f"{document.call_id}.{name}").exists() for name in target.formats):
        return None
    try:
        found = read_call(target.folder / f"{document.call_id}.json")
    except WrapupError:
        return None
    same = found.provenance == document.provenance and found.utterances == document.utterances
    return found if same else None


class Pace:
    """So many requests a minute at most. Safe from several threads."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = 60.0 / per_minute
        self._clock = clock
        self._next_s = clock()
        self._lock = threading.Lock()

    def wait(self, go_on: GoOn) -> None:
        """Until the next request may go out. Raises `DecodingCancelled` once it is no longer wanted."""
        with self._lock:
            at_s = max(self._next_s, self._clock())
            self._next_s = at_s + self._every_s
        while (left_s := at_s - self._clock()) > 0:
            if not go_on():
                raise DecodingCancelled("the note is no longer wanted")
            time.sleep(min(left_s, LOOK_S))

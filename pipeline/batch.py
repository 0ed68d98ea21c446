"""A folder of recordings: which calls they are, what is done already, and several at once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError, WrapupError
from pipeline.app import Pipeline
from pipeline.call import Stopped
from pipeline.doors.files import probe
from pipeline.formats.call_json import CallDocument, read_call
from pipeline.sinks.files import write_document

LONGEST_ID = 150
"""Bytes of a call id: file systems allow 255 in a name, and suffixes come after it."""

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Recording:
    """A file and the id of its call."""

    path: Path
    call_id: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go and in which formats."""

    folder: Path
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording: a document, a line for the user, or both."""

    recording: Recording
    document: CallDocument | None
    fault: str | None


def recordings(paths: Sequence[Path]) -> list[Recording]:
    """Each file with a call id of its own: its name, with its folder's or its type where names repeat."""
    ids = [_id(path.stem) for path in paths]
    ids = _told_apart(ids, [f"{path.parent.name}-{path.stem}" for path in paths])
    ids = _told_apart(ids, [f"{path.parent.name}-{path.name}" for path in paths])
    ids = _told_apart(ids, [f"{path.stem}-{_mark(str(path.resolve()))}" for path in paths])
    return [Recording(path, call_id) for path, call_id in zip(paths, ids, strict=True)]


def finished(recording: Recording, target: Target, pipeline: Pipeline) -> CallDocument | None:
    """The document that an earlier run left, if it was made of this file with these engines and settings."""
    if any(not (target.folder / f"{recording.call_id}.{name}").exists() for name in target.formats):
        return None
    try:
        found = read_call(target.folder / f"{recording.call_id}.json")
        same = found.provenance == pipeline.provenance(probe(recording.path))
    except WrapupError:
        return None
    return found if same else None


def process_all(
    todo: Sequence[Recording], target: Target, pipeline: Pipeline, *, jobs: int, tell: Tell
) -> Iterator[Outcome]:
    """Process and write, `jobs` at once; gives each outcome as it is there. `tell` hears seconds of audio.

    Closing the iterator, or an exception in its consumer, stops what is at work.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="wrapup-call") as pool:
        waiting: set[Future[Outcome]] = {pool.submit(_one, item, target, pipeline, tell) for item in todo}
        try:
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        finally:
            if waiting:
                pipeline.stop()
            for future in waiting:
                future.cancel()


def _one(recording: Recording, target: Target, pipeline: Pipeline, tell: Tell) -> Outcome:
    try:
        done = pipeline.process(recording.path, recording.call_id, tell)
        write_document(done.document, target.folder, target.formats)
    except Stopped:
        return Outcome(recording, None, f"{recording.path}: stopped")
    except WrapupError as error:
        return Outcome(recording, None, str(error))
    return Outcome(recording, done.document, done.fault)


def duration_s(recording: Recording) -> float | None:
    """Seconds of audio in a file, where it says so; None also for a file that cannot be read."""
    try:
        return probe(recording.path).duration_s
    except InputError:
        return None


def _told_apart(ids: Sequence[str], longer: Sequence[str]) -> list[str]:
    """The ids, with the longer name where one stands for several files."""
    counts = Counter(ids)
    return [call_id if counts[call_id] == 1 else _id(name) for call_id, name in zip(ids, longer, strict=True)]


def _id(name: str) -> str:
    """A name as a file name: letters and digits of any script, at most `LONGEST_ID` bytes."""
    plain = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", name)).strip(".-") or "call"
    if len(plain.encode()) <= LONGEST_ID:
        return plain
    return plain.encode()[:LONGEST_ID].decode(errors="ignore") + "-" + _mark(name)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]

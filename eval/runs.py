"""Scoring of many calls: each is transcribed or read, scored, and forgotten; texts stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from eval.references import Found, Need, Passed, Reference, file_sha256, find_references
from models.errors import ConfigError, WrapupError
from pipeline.formats.call_json import CallDocument, Provenance, read_call

ScoreT = TypeVar("ScoreT")


@dataclass(frozen=True, slots=True)
class Source:
    """Where hypotheses come from: engines, or `hyp`, a folder with a document `<stem>.json` an audio file."""

    asr: str | None = None
    diarizer: str | None = None
    hyp: Path | None = None

    @contextmanager
    def opened(self) -> Iterator[Callable[[Path], CallDocument | None]]:
        """A function from an audio file to its hypothesis, None if the folder lacks one.

        It raises `WrapupError`, and so does opening the engines.
        """
        if self.hyp is None:
            from pipeline.app import scoring

            with scoring(self.asr, self.diarizer) as transcribe:
                yield transcribe
        else:
            yield partial(_read, self.hyp)


@dataclass(frozen=True, slots=True)
class Row(Generic[ScoreT]):
    """One scored call and the hash of its reference.

    `masked` counts values that its text hides, which score as errors.
    """

    call: str
    score: ScoreT
    reference_sha256: str
    masked: int = 0


@dataclass(slots=True)
class Outcome(Generic[ScoreT]):
    """All that a run gave; each file given is in `rows`, `skipped` or `failed`."""

    given: int
    rows: list[Row[ScoreT]] = field(default_factory=list)
    scored: list[Reference] = field(default_factory=list)
    skipped: list[Passed] = field(default_factory=list)
    failed: list[Passed] = field(default_factory=list)
    made_by: list[Provenance] = field(default_factory=list)

    @classmethod
    def of(cls, found: Found) -> Outcome[ScoreT]:
        """That of a search, of which nothing is scored yet."""
        given = len(found.references) + len(found.skipped) + len(found.failed)
        return cls(given, skipped=list(found.skipped), failed=list(found.failed))

    def add(self, reference: Reference, *scores: ScoreT, masked: int = 0) -> None:
        """Take a call with its score, or with several. Raises `InputError` for a reference that is gone."""
        sha256 = file_sha256(reference.source)
        self.rows += [Row(reference.name, score, sha256, masked) for score in scores]
        self.scored.append(reference)


def find(paths: Sequence[Path], need: Need, source: Source) -> Found:
    """References under `paths`. Raises `ConfigError`, `InputError` where nothing can be looked for."""
    from pipeline.doors.files import find_audio

    if source.hyp is not None and not source.hyp.is_dir():
        raise ConfigError(f"--hyp {source.hyp}: no such folder")
    if source.hyp is not None and (source.asr or source.diarizer):
        raise ConfigError("--hyp reads calls that are there already; leave out --asr and --diarizer")
    return find_references(find_audio(list(paths)), need)


def score_all(
    found: Found,
    source: Source,
    score: Callable[[Reference, CallDocument], ScoreT],
    advance: Callable[[], None],
) -> Outcome[ScoreT]:
    """Score each reference, calling `advance` after each. A bad file leaves the others scored."""
    outcome = Outcome[ScoreT].of(found)
    with source.opened() as document_of:
        for reference in found.references:
            try:
                document = document_of(reference.audio)
            except WrapupError as error:
                outcome.failed.append(Passed(str(reference.audio), str(error)))
            else:
                _take(outcome, reference, document, score)
            advance()
    return outcome


def _read(folder: Path, audio: Path) -> CallDocument | None:
    path = folder / f"{audio.stem}.json"
    return read_call(path) if path.is_file() else None


def _take(
    outcome: Outcome[ScoreT],
    reference: Reference,
    document: CallDocument | None,
    score: Callable[[Reference, CallDocument], ScoreT],
) -> None:
    if document is None:
        name = f"{reference.audio.stem}.json"
        outcome.skipped.append(Passed(str(reference.audio), f"no {name} in the folder of --hyp"))
        return
    outcome.add(reference, score(reference, document), masked=len(document.redactions))
    outcome.made_by.append(document.provenance)

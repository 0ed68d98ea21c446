"""What Wrapup asks of an engine. Callers ask for capabilities, never for class names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import DecodingCancelled, EngineError
from models.types import MemberNote, NoteRequest, Samples, Summary, Transcription, Turn

VAD_WINDOW_SAMPLES = 512
"""Samples in one window of voice activity: 32 ms."""


@dataclass(frozen=True, slots=True)
class TranscriberCapabilities:
    """What a transcriber can do.

    `languages`: BCP 47 tags, or None for "whatever the model detects". `max_batch`: clips that one call
    may share; 1 for engines whose texts would change with their batch mates. `max_clip_samples`: the
    longest clip that the engine reads well. `word_times`: word times are heard, not spread. `drafts` and
    `hotwords`: those of a `Decoding` are made use of; an engine without leaves them alone.
    """

    languages: frozenset[str] | None
    max_batch: int
    max_clip_samples: int
    word_times: bool
    drafts: bool = False
    hotwords: bool = False


def always() -> bool:
    """Go on to the end."""
    return True


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the caller knows of clips that are to be read.

    `hotwords`: words or short phrases of the site (products, people, places) as they are to be written,
    which may be said and need not be. `draft`, with a single clip only: tokens of an earlier
    transcription of the beginning of the same speech; it saves work and changes the text only where
    rounding decides. `go_on` is asked between tokens where the engine can, else between clips, from the
    thread that reads; it answers at once.
    """

    hotwords: tuple[str, ...] = ()
    draft: tuple[int, ...] = ()
    go_on: Callable[[], bool] = always

    def check(self) -> None:
        """Raise `DecodingCancelled` once the answer is no longer wanted."""
        if not self.go_on():
            raise DecodingCancelled("the answer is no longer wanted")

    def check_clips(self, clips: Sequence[Samples]) -> None:
        """Raise `EngineError` when the draft of one clip comes with several."""
        if self.draft and len(clips) > 1:
            raise EngineError(f"a draft belongs to one clip, not to {len(clips)}")


PLAIN = Decoding()
"""Nothing is known, and the answer is wanted."""


class Engine(Protocol):
    """What every engine can say of itself."""

    @property
    def version(self) -> str:
        """Engine, weights and their revision in one line, for provenance: "moonshine:tiny-en@0.0.73"."""
        ...


class VoiceActivityStream(Protocol):
    """Voice activity of one channel, in order."""

    def score(self, windows: Samples) -> NDArray[np.float32]:
        """Probability of speech in each window.

        `windows` has shape (n, VAD_WINDOW_SAMPLES), n >= 0, and follows what was given before; the answer
        has shape (n,) and does not depend on how the windows were grouped into calls.
        """
        ...

    def state(self) -> bytes:
        """All that later answers depend on, beside later windows."""
        ...

    def restore(self, state: bytes) -> None:
        """Go on where a stream of the same engine was. Raises `EngineError` for the state of another."""
        ...


class VoiceActivity(Engine, Protocol):
    """Finds speech. One object serves all channels; `open` gives the state of one."""

    def open(self) -> VoiceActivityStream:
        """Start a channel."""
        ...


class Transcriber(Engine, Protocol):
    """Turns clips into words. Safe to call from several threads at once."""

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """What this engine can do."""
        ...

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """One transcription a clip, in order; at most `max_batch` clips, each of shape (n,).

        An empty, silent or wordless clip gives a transcription without words. Raises `EngineError`, and
        `DecodingCancelled` soon after `decoding.go_on` turned false; the engine stays fit for use.
        """
        ...


class DiarizerStream(Protocol):
    """Speakers of one mono recording, in order."""

    def push(self, samples: Samples) -> None:
        """Hear more audio, shape (n,), n >= 0."""
        ...

    def so_far(self) -> list[Turn]:
        """Turns of what was heard until now, sorted, not overlapping; labels S1, S2 ...

        A later answer may differ; a voice keeps its label from one answer to the next where that can be.
        Engines that are not `online` give an empty list. May be asked any number of times before `end`,
        whose answer it does not change and whose labels are its own. Raises `EngineError`.
        """
        ...

    def end(self) -> list[Turn]:
        """Turns of the whole recording, sorted, not overlapping, labels S1, S2 ... by first heard.

        Silence gives an empty list. To be called once; releases what the stream holds.
        Raises `EngineError`.
        """
        ...


class Diarizer(Engine, Protocol):
    """Tells speakers apart on one channel."""

    @property
    def needs_audio(self) -> bool:
        """False for policies that decide without hearing anything (by channel, or nobody)."""
        ...

    @property
    def online(self) -> bool:
        """Whether a stream can tell speakers apart before its end: see `DiarizerStream.so_far`."""
        ...

    def open(self) -> DiarizerStream:
        """Start a recording."""
        ...


@dataclass(frozen=True, slots=True)
class SummarizerCapabilities:
    """What a summarizer can do.

    `at_once`: notes that it can write side by side while this machine does other work, as a server elsewhere
    can; 0 for one that computes here, on the workers' threads. `sends_to`: the hosts that get the masked
    text, with commas, None where nothing leaves the machine. `max_words`: the longest request that it reads,
    None for any. `merges`: it is a `Merger` besides.
    """

    at_once: int = 0
    sends_to: str | None = None
    max_words: int | None = None
    merges: bool = False


@dataclass(frozen=True, slots=True)
class NoteField:
    """One field of the site's own. A "choice" is one out of `choices`, which others have none of.

    Of no kind is a value needed: where the call does not say, there is none.
    """

    name: str
    kind: Literal["choice", "text", "number", "boolean"]
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SummarizerOptions:
    """What the configuration says to a summarizer when it is opened; one without use for it leaves it alone.

    `prompt`: name of the prompt, "wrapup" for its newest version or "wrapup@1" for that one. `fields`: the
    site's own. `key_file`: file with the key of the service.
    """

    prompt: str = "wrapup"
    fields: tuple[NoteField, ...] = ()
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class NoteLimits:
    """What one note may cost; None for as much as it takes.

    `go_on` is asked between tokens where the engine can, else between requests; it answers at once.
    """

    seconds: float | None = None
    tokens: int | None = None
    go_on: Callable[[], bool] = always


UNLIMITED = NoteLimits()
"""It may take what it takes."""


class Summarizer(Engine, Protocol):
    """Writes a note from a masked transcript. Safe to call from several threads at once."""

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """What this engine can do."""
        ...

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """The note; every statement carries the ids of the lines it rests on.

        Whether there is anything to summarize was asked before. A request without lines gives a code and no
        statements. Raises `EngineError`, and `DecodingCancelled` soon after `limits.go_on` turned false.
        """
        ...


class Merger(Protocol):
    """Makes one note out of several. Safe to call from several threads at once."""

    def merge(
        self, request: NoteRequest, drafts: Sequence[MemberNote], limits: NoteLimits = UNLIMITED
    ) -> Summary:
        """One note of what the drafts tell, as far as the request's lines support it; see `Summarizer`."""
        ...


class MergingSummarizer(Summarizer, Merger, Protocol):
    """A summarizer whose capabilities say that it `merges`."""


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """Characters [start, end) of a text that are a secret of some kind: "card", "phone", "email" ..."""

    kind: str
    start: int
    end: int


class Redactor(Engine, Protocol):
    """Finds secrets in written text. Safe to call from several threads at once."""

    def find(self, text: str) -> tuple[FoundSpan, ...]:
        """The secrets of one utterance, sorted by start; they do not overlap. An empty text has none.

        Raises `EngineError`.
        """
        ...

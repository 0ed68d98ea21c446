"""The one place that puts a configuration, engines, doors and sinks together."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from models import registry
from models.asr.hotwords import read_hotwords
from models.errors import InputError
from models.machine import choose_default_asr, choose_default_diarizer, cores
from models.ports import Diarizer, Summarizer, SummarizerOptions, Transcriber, VoiceActivity
from models.summarizers.fields import read_fields
from models.text.worth import MIN_WORDS
from models.types import RATE_HZ, Role
from pipeline.call import Call, never
from pipeline.config import Config, load_config
from pipeline.core.chunking import WINDOW_PARTS
from pipeline.core.session import DeadlineSettings, NoteSettings, SessionSettings
from pipeline.document import Frame, document, version_of
from pipeline.doors.files import AudioInfo, Truncated, blocks, fingerprint, probe
from pipeline.formats.call_json import CallDocument, Provenance
from pipeline.notes import NoteWriting
from pipeline.sections import NoteSection
from pipeline.shell import CallEngines
from pipeline.workers import Engines, Workers

FILE_DEADLINE = DeadlineSettings(base_s=3_600.0)
"""A file waits for its results however busy the machine is; only an engine that hangs is given up."""

DEFAULT_ROLES: tuple[Role, ...] = ("agent", "customer")

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Done:
    """A processed file. `fault` is a line for the user where the audio broke off."""

    document: CallDocument
    fault: str | None


@dataclass(frozen=True, slots=True)
class OpenEngines:
    """The engines that every call needs, and the site's words for those that take them."""

    transcriber: Transcriber
    summarizer: Summarizer
    voice: VoiceActivity
    hotwords: tuple[str, ...] = ()
    stand_in: Summarizer | None = None

    @property
    def stands_in(self) -> bool:
        """Whether another summarizer was chosen than the embedded one, which then stands in for it."""
        return self.stand_in is not None and self.stand_in.version != self.summarizer.version

    def notes(self, section: NoteSection, live: bool) -> NoteSettings:
        """How notes come about with these engines. Files wait for theirs, and are noted at once where the
        summarizer reads as much."""
        chunk_words = section.chunk_words or None if live else None
        earlier_words = NoteSettings().earlier_words
        most = self.summarizer.capabilities.max_words
        if most is not None:
            chunk_words = min(chunk_words or most, max(1, most // WINDOW_PARTS))
            earlier_words = min(earlier_words, most // 2)
        return NoteSettings(
            stands_in=self.stands_in,
            due_s=section.due_s if live else FILE_DEADLINE.base_s,
            give_up_s=section.give_up_s if live else FILE_DEADLINE.base_s,
            seconds=section.seconds if self.stands_in else None,
            tokens=section.tokens if self.stands_in else None,
            chunk_words=chunk_words,
            chunk_pause_ms=section.chunk_pause_ms,
            earlier_words=earlier_words,
            drop_unsupported=section.unsupported == "drop",
            restore=section.restore,
            least_words=MIN_WORDS,
            versions=(
                version_of(self.summarizer.version, self.asr),
                version_of((self.stand_in or self.summarizer).version, self.asr),
            ),
        )

    @property
    def asr(self) -> str:
        """The transcriber's version; hotwords are told by a hash over them, where they are made use of."""
        version = self.transcriber.version
        if not self.hotwords or not self.transcriber.capabilities.hotwords:
            return version
        return f"{version}+hotwords:{hashlib.sha256(chr(10).join(self.hotwords).encode()).hexdigest()[:12]}"

    def for_jobs(self) -> Engines:
        """As the workers want them."""
        return Engines(self.transcriber, self.summarizer, self.hotwords, self.stand_in)


def open_engines(config: Config) -> OpenEngines:
    """What is configured, else this machine's defaults. Raises `WrapupError`."""
    return OpenEngines(
        transcriber=registry.engine("asr", config.asr or choose_default_asr()[0]),
        summarizer=open_summarizer(config),
        voice=registry.engine("voice", "silero"),
        hotwords=() if config.hotwords is None else read_hotwords(config.hotwords),
        stand_in=registry.engine("summarizer", "extractive"),
    )


def open_summarizer(config: Config) -> Summarizer:
    """Who writes the notes, with what the configuration says to it. Raises `WrapupError`."""
    said = SummarizerOptions(config.note.prompt, read_fields(config.note.fields_file), config.note.key_file)
    summarizer: Summarizer = registry.engine("summarizer", config.summarizer, said)
    return summarizer


def note_writing(config: Config, summarizer: Summarizer) -> NoteWriting:
    """How notes of whole transcripts come about; the embedded summarizer stands in for any other."""
    embedded = config.summarizer == "extractive"
    return NoteWriting(
        summarizer=summarizer,
        stand_in=None if embedded else registry.engine("summarizer", "extractive"),
        seconds=config.note.seconds,
        tokens=config.note.tokens,
        drop_unsupported=config.note.unsupported == "drop",
        restore=config.note.restore,
    )


def shown_notes(config: Config) -> dict[str, JsonValue]:
    """What of the configuration changes notes, for provenance; prompt and fields are in the version."""
    return {"note": config.note.model_dump(mode="json", include={"unsupported", "restore"})}


class Pipeline:
    """Open engines and their workers; processes files from any number of threads. A context manager."""

    def __init__(
        self,
        config: Config,
        *,
        mask_secrets: bool = True,
        engines: OpenEngines | None = None,
        beside: Workers | None = None,
    ) -> None:
        """Open the engines that `config` names, unless some are given.

        `beside`: the workers of live calls, whose time files are to take where nobody else needs it; they get
        no notes then. Raises `WrapupError` where an engine cannot be had.
        """
        self.config = config
        self._mask_secrets = mask_secrets
        self._engines = engines or open_engines(config)
        self._diarizers: dict[int, Diarizer] = {}
        self._opening = threading.Lock()
        self._stop = threading.Event()
        self._aside = beside is not None
        self._workers = beside or Workers(self._engines.for_jobs(), cores())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if not self._aside:
            self._workers.__exit__(kind, error, trace)

    def stop(self) -> None:
        """Give up the calls at hand as soon as may be."""
        self._stop.set()

    def process(
        self,
        path: Path,
        call_id: str,
        progress: Progress | None = None,
        unwanted: Callable[[], bool] = never,
    ) -> Done:
        """One file, from its audio to its document. `progress` is told seconds of audio as they pass.

        `unwanted` tells whether this file alone is to be given up, as all are after `stop`.
        Raises `InputError` for a file that cannot be read, `WrapupError` where an engine cannot be had,
        `Stopped`.
        """
        started_s = time.monotonic()
        info = probe(path)
        diarizer = self.diarizer(info.channels)
        settings = self._session_settings(info, diarizer)
        engines = CallEngines(self._engines.voice, diarizer if settings.diarize else None)
        with Call(
            settings, engines, self._workers, self._aside, lambda: self._stop.is_set() or unwanted()
        ) as call:
            fault = self._feed(call, info, progress)
            call.end("hangup" if fault is None else "truncated")
            stand_in = self._engines.stand_in
            frame = Frame(
                call_id=call_id,
                channel_roles=self._channel_roles(info),
                started_at=info.started_at,
                provenance=self.provenance(info),
                wall_s=time.monotonic() - started_s,
                stand_in=None if stand_in is None else stand_in.version,
            )
            return Done(document(call.events, frame), fault)

    def provenance(self, info: AudioInfo) -> Provenance:
        """What makes this file's document. Raises `InputError`."""
        summarizer = self._engines.summarizer.version
        return Provenance(
            wrapup=version("wrapup"),
            asr=self._engines.asr,
            diarizer=self.diarizer(info.channels).version,
            summarizer=summarizer,
            version=version_of(summarizer, self._engines.asr),
            config=self._shown_config(),
            source=fingerprint(info.path),
        )

    def _shown_config(self) -> dict[str, JsonValue]:
        # What live servers alone read changes no document, and the URL of a database may hold a password;
        # hotwords are told by what is in their file.
        hidden = {"server", "store", "live", "doors", "kafka", "hotwords", "note"}
        return self.config.model_dump(mode="json", exclude=hidden) | shown_notes(self.config)

    def _feed(self, call: Call, info: AudioInfo, progress: Progress | None) -> str | None:
        """All of the file's audio; gives a line for the user where it broke off."""
        try:
            for block in blocks(info):
                call.hear(block)
                if progress is not None:
                    progress(block.shape[1] / RATE_HZ)
        except Truncated as error:
            return f"{info.path}: {error}; what was heard before is kept"
        return None

    def diarizer(self, channels: int) -> Diarizer:
        """Who tells apart the speakers of recordings with so many channels. Raises `WrapupError`."""
        with self._opening:
            if channels not in self._diarizers:
                name = "channels" if channels > 1 else self.config.diarizer
                name = name or choose_default_diarizer(channels)[0]
                self._diarizers[channels] = registry.engine("diarizer", name)
            return self._diarizers[channels]

    def _session_settings(self, info: AudioInfo, diarizer: Diarizer) -> SessionSettings:
        roles = self.config.roles
        if info.channels > 1 and roles is not None and len(roles) != info.channels:
            raise InputError(f"{info.path}: {info.channels} channels but {len(roles)} roles given")
        return SessionSettings(
            channels=info.channels,
            roles=self._channel_roles(info) if info.channels > 1 else roles or (),
            diarize=info.channels == 1 and diarizer.needs_audio,
            endpoint=self.config.endpoint.settings(),
            deadline=FILE_DEADLINE,
            mask_secrets=self._mask_secrets,
            # Beside live calls files get no note.
            note=NoteSettings() if self._aside else self._engines.notes(self.config.note, live=False),
        )

    def _channel_roles(self, info: AudioInfo) -> tuple[Role, ...]:
        return ("unknown",) if info.channels == 1 else self.config.roles or DEFAULT_ROLES


@contextmanager
def scoring(asr: str | None, diarizer: str | None) -> Iterator[Callable[[Path], CallDocument]]:
    """A function that gives a file's document with its secrets readable: for scoring, in memory only."""
    with Pipeline(load_config(asr=asr, diarizer=diarizer), mask_secrets=False) as pipeline:
        yield lambda path: pipeline.process(path, path.stem).document

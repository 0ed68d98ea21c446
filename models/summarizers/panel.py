"""Several summarizers asked at once: `panel:A,B,C`, with `;merge=D` for who makes one note of theirs.

Each member has the whole time of the note, or seven tenths of it where somebody merges after them, and its
part of the tokens. One that fails or is late is left out, with the reason; when none comes the panel fails.
Without D the drafts are merged by rules (`panel_merge`). Facts that they tell differently are listed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models import registry
from models.errors import ConfigError, DecodingCancelled, EngineError, EngineLateError, WrapupError
from models.ports import (
    UNLIMITED,
    MergingSummarizer,
    NoteLimits,
    Summarizer,
    SummarizerCapabilities,
    SummarizerOptions,
)
from models.summarizers.llm_names import OWN_VARIABLE
from models.summarizers.panel_facts import disagreements
from models.summarizers.panel_merge import merged
from models.types import MemberNote, NoteRequest, Summary, Usage

log = logging.getLogger(__name__)

VERSION = "panel@1"
FEWEST, MOST = 2, 6
MEMBERS_SHARE = 0.7
"""Of the time and the tokens of a note, what members have where somebody merges after them."""
LOOK_S = 0.02

_AT_URL = ("openai",)
_KEYED = ("openai", "azure", "anthropic", "bedrock", "google")


def open_engine(argument: str, options: SummarizerOptions) -> Panel:
    """The panel of an argument "A,B,C" or "A,B,C;merge=D". Raises `ConfigError`, and what members raise."""
    listed, semicolon, more = argument.partition(";")
    names = [name.strip() for name in listed.split(",")]
    merge = more.strip().removeprefix("merge=")
    wrong = bool(semicolon) and (not more.strip().startswith("merge=") or not merge)
    if wrong or not all(names) or not FEWEST <= len(names) <= MOST or len(set(names)) < len(names):
        raise ConfigError(
            f"summarizer panel: expected panel:A,B of {FEWEST} to {MOST} members, then ;merge=C if need be"
        )
    every = [*names, *([merge] if merge else [])]
    if any(name.partition(":")[0] == "panel" for name in every):
        raise ConfigError("summarizer panel: a panel cannot be a member of one")
    _check_keys(every, options)
    members = [registry.engine("summarizer", name, options) for name in names]
    merger = registry.engine("summarizer", merge, options) if merge else None
    if merger is not None and not merger.capabilities.merges:
        raise ConfigError(
            f"summarizer panel: {merge.partition(':')[0]} cannot merge; expected a language model"
        )
    return Panel(members, merger)


class Panel:
    """See the module; satisfies `models.ports.Summarizer`."""

    def __init__(self, members: Sequence[Summarizer], merger: MergingSummarizer | None = None) -> None:
        """`merger`: who writes one note out of the members'; None for the rules."""
        self._members = tuple(members)
        self._merger = merger

    @property
    def version(self) -> str:
        """The rules, the members and who merges."""
        names = ", ".join(member.version for member in self._members)
        merge = "" if self._merger is None else f"; merge={self._merger.version}"
        return f"{VERSION} ({names}{merge})"

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """What the least of the members can; everything goes to all of their hosts."""
        every = [one.capabilities for one in (*self._members, *([self._merger] if self._merger else []))]
        hosts = dict.fromkeys(host for one in every if one.sends_to for host in one.sends_to.split(", "))
        at_once = [one.at_once for one in every if one.at_once]
        words = [one.max_words for one in every if one.max_words is not None]
        return SummarizerCapabilities(
            at_once=min(at_once, default=0),
            sends_to=", ".join(hosts) or None,
            max_words=min(words, default=None),
        )

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """See `Summarizer`. Raises `EngineError` when no member gave a note."""
        began_s = time.monotonic()
        found = self._ask_all(request, self._share(limits))
        notes = [one.summary for one in found if one.summary is not None]
        members = tuple(
            MemberNote(one.name, one.summary.statements if one.summary else (), one.fault, one.member.version)
            for one in found
        )
        used = sum((note.usage for note in notes), Usage())
        fine = [one for one in members if one.statements]
        if not fine:
            if not notes:
                faults = "; ".join(f"{one.name}: {one.fault}" for one in found)
                late = all(one.late for one in found)
                raise (EngineLateError if late else EngineError)(
                    f"no member of the panel gave a note: {faults}"
                )
            return Summary(notes[0].code, usage=used, members=members)
        left = replace(
            limits,
            seconds=None if limits.seconds is None else limits.seconds - (time.monotonic() - began_s),
            tokens=None if limits.tokens is None else max(0, limits.tokens - used.tokens),
        )
        one_note = self._merged(request, fine, left) if request.purpose == "draft" else None
        if one_note is None:
            one_note = Summary("ok", merged(fine, _order(request)), _fields(notes))
        return replace(
            one_note,
            fields=one_note.fields or _fields(notes),
            usage=used + one_note.usage,
            members=members if request.purpose == "draft" else (),
            disagreements=disagreements(fine),
        )

    def _share(self, limits: NoteLimits) -> NoteLimits:
        """What each member may cost."""
        part = MEMBERS_SHARE if self._merger is not None else 1.0
        seconds = None if limits.seconds is None else limits.seconds * part
        tokens = None if limits.tokens is None else int(limits.tokens * part) // len(self._members)
        return NoteLimits(seconds, tokens, limits.go_on)

    def _ask_all(self, request: NoteRequest, limits: NoteLimits) -> list[_Asking]:
        """What every member gave by its deadline. Raises `DecodingCancelled`."""
        found = [_Asking(name, member) for name, member in zip(self._names(), self._members, strict=True)]
        for one in found:
            threading.Thread(target=one.run, args=(request, limits), name="wrapup-panel", daemon=True).start()
        due_s = None if limits.seconds is None else time.monotonic() + limits.seconds
        for one in found:
            while not one.done.wait(LOOK_S):
                if not limits.go_on() or (due_s is not None and time.monotonic() >= due_s):
                    break
        for one in found:
            one.give_up()
        if not limits.go_on():
            raise DecodingCancelled("the note is no longer wanted")
        return found

    def _names(self) -> list[str]:
        """Each member by the first part of its version, which tells them apart or gets a number."""
        short = [member.version.partition(" ")[0] for member in self._members]
        return [f"{name} #{i}" if short.count(name) > 1 else name for i, name in enumerate(short, start=1)]

    def _merged(
        self, request: NoteRequest, drafts: Sequence[MemberNote], limits: NoteLimits
    ) -> Summary | None:
        """The merger's note; None without a merger, without need of one, or where it failed."""
        if self._merger is None or len(drafts) < FEWEST:
            return None
        try:
            found = self._merger.merge(request, drafts, limits)
        except EngineError as error:
            log.warning("the panel's notes are merged by rules: %s", error)
            return None
        return found if found.code == "ok" else None


@dataclass(slots=True)
class _Asking:
    """One member at work on a thread of its own. What comes after `give_up` changes nothing."""

    name: str
    member: Summarizer
    summary: Summary | None = None
    fault: str | None = None
    late: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: bool = False

    def run(self, request: NoteRequest, limits: NoteLimits) -> None:
        """Ask, and keep the note or the fault."""
        summary, fault, late = None, None, False
        wanted = replace(limits, go_on=lambda: not self._over and limits.go_on())
        try:
            summary = self.member.summarize(request, wanted)
        except WrapupError as error:
            fault, late = str(error), isinstance(error, EngineLateError)
        except Exception as error:  # noqa: BLE001 - one member's bug is not to fail the panel
            fault = f"failed ({type(error).__name__})"
        with self._lock:
            if not self._over:
                self.summary, self.fault, self.late = summary, fault, late
        self.done.set()

    def give_up(self) -> None:
        """Its time is over."""
        with self._lock:
            if not self.done.is_set() and self.summary is None and self.fault is None:
                self.fault, self.late = "was late", True
            self._over = True


def _check_keys(names: Sequence[str], options: SummarizerOptions) -> None:
    """One key must not go to several services. Raises `ConfigError`."""
    without = [name for name in names if "#" not in name or "key=" not in name.partition("#")[2]]
    services = {_service(name) for name in without if name.partition(":")[0] in _KEYED}
    at_urls = {service for service in services if service.startswith(_AT_URL) and "@" in service}
    if options.key_file is not None and len(services) > 1:
        raise ConfigError(
            "summarizer panel: note.key_file would go to several services; write MODEL#key=FILE each"
        )
    if os.environ.get(OWN_VARIABLE) and len(at_urls) > 1:
        raise ConfigError(
            f"summarizer panel: {OWN_VARIABLE} would go to several servers; write MODEL@URL#key=FILE"
        )


def _service(name: str) -> str:
    """The service of a member, without its model: kind, and scheme and host of its URL."""
    kind, _, rest = name.partition(":")
    url = rest.partition("#")[0].partition("@")[2]
    return f"{kind}@{'/'.join(url.split('/')[:3])}" if url else kind


def _order(request: NoteRequest) -> dict[str, int]:
    return {line.id: place for place, line in enumerate((*request.cited, *request.lines))}


def _fields(notes: Sequence[Summary]) -> tuple[tuple[str, str], ...]:
    """The site's fields by the first member that has each."""
    found: dict[str, str] = {}
    for note in notes:
        for name, value in note.fields:
            found.setdefault(name, value)
    return tuple(found.items())

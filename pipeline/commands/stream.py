"""`wrapup stream`: recordings as live calls, for a demo or for load."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from models.errors import InputError, WrapupError
from pipeline.client import Recording, Sending, Target, follow_call, read_recording
from pipeline.commands import BAD_INPUT, one_line_errors, tell_error
from pipeline.config import Config, load_config
from pipeline.formats.call_json import shown
from pipeline.senders.playing import play
from pipeline.senders.sender import Spoken
from pipeline.senders.table import SENDERS

OWN = "own"

STYLES = {0: "cyan", 1: "green"}


@one_line_errors
def stream(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An audio file.")],
    to: Annotated[
        str | None,
        typer.Option(help="The server, ws://HOST:PORT; without it one in this process."),
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="WRAPUP_KEY", help="API key.")] = None,
    realtime: Annotated[float, typer.Option(min=0, help="Times real time; 0 as fast as it goes.")] = 1.0,
    calls: Annotated[int, typer.Option(min=1, help="The same file as so many calls at once.")] = 1,
    call_id: Annotated[str | None, typer.Option(help="Id of the call; a new one unless given.")] = None,
    associate: Annotated[str | None, typer.Option(help="Who takes the call.")] = None,
    site: Annotated[str | None, typer.Option(help="Site of the call.")] = None,
    protocol: Annotated[str, typer.Option(help=f"One of {', '.join((OWN, *SENDERS))}.")] = OWN,
    secret_file: Annotated[
        Path | None, typer.Option(help="What the protocol's clients sign with.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Send a recording as a live call and show what comes back."""
    if protocol not in (OWN, *SENDERS):
        raise InputError(f"--protocol: expected one of {', '.join((OWN, *SENDERS))}")
    config = load_config()
    hello = {name: value for name, value in (("associate", associate), ("site", site)) if value is not None}
    first = read_recording(path, call_id or _new_id(path, protocol), hello)
    secret = None if secret_file is None else secret_file.read_bytes().strip()
    with _server(config, to) as url:
        target = Target(url, key)
        send = partial(_send, target, protocol, secret, realtime)
        faults = asyncio.run(_run(target, _copies(first, calls), send))
    for fault in faults:
        tell_error(fault)
    if faults:
        raise typer.Exit(BAD_INPUT)


@contextmanager
def _server(config: Config, to: str | None) -> Iterator[str]:
    """The address of the server that was named, or of one of our own, which keeps nothing."""
    if to is not None:
        yield to.rstrip("/")
        return
    from pipeline.web.background import running, temporary_service

    with temporary_service(config) as service, running(service) as address:
        yield f"ws://{address}"


def _copies(first: Recording, calls: int) -> list[Recording]:
    if calls == 1:
        return [first]
    return [replace(first, call_id=_numbered(first.call_id, number)) for number in range(calls)]


def _numbered(call_id: str, number: int) -> str:
    """The id of a copy; that of a UUID is one too."""
    try:
        return str(uuid.uuid5(uuid.UUID(call_id), str(number)))
    except ValueError:
        return f"{call_id}-{number}"


def _new_id(path: Path, protocol: str) -> str:
    """Other protocols have ids that are UUIDs."""
    return f"{path.stem[:80]}-{uuid.uuid4().hex[:8]}" if protocol == OWN else str(uuid.uuid4())


async def _send(
    target: Target, protocol: str, secret: bytes | None, factor: float, recording: Recording
) -> None:
    """One call in its protocol. Raises `WrapupError`, OSError."""
    if protocol == OWN:
        await Sending(target, recording, factor).run()
        return
    fields: dict[str, str] = {
        name: str(recording.hello[name]) for name in ("associate", "site") if name in recording.hello
    }
    spoken = Spoken(recording.call_id, recording.rate_hz, recording.samples, target.key, secret, fields)
    await play(SENDERS[protocol](spoken), target.url, factor)


async def _run(
    target: Target, recordings: list[Recording], send: Callable[[Recording], Coroutine[Any, Any, None]]
) -> list[str]:
    """All calls at once; gives a line for each that did not go through."""
    following = None
    if len(recordings) == 1:
        following = asyncio.create_task(follow_call(target, recordings[0].call_id, Screen().show))
    ended = await asyncio.gather(*map(send, recordings), return_exceptions=True)
    done = sum(one is None for one in ended)
    if following is None:
        typer.echo(f"{done} of {len(recordings)} calls went through")
    elif done:
        await following
    else:
        following.cancel()
    return [_line(one) for one in ended if one is not None]


def _line(error: BaseException) -> str:
    if isinstance(error, WrapupError):
        return str(error)
    if isinstance(error, OSError):
        return str(InputError(f"the server cannot be reached ({error.strerror})"))
    raise error


class Screen:
    """Events of one call on the terminal: partials in place, finals line by line."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._began_s = time.monotonic()
        self._open = False

    def show(self, envelope: dict[str, Any]) -> None:
        """One event."""
        since_s = time.monotonic() - self._began_s
        event = envelope["event"]
        if event["type"] == "partial":
            self._partial(event)
            return
        self._clear()
        line = self._line(event)
        if line:
            self._console.print(f"[dim]{since_s:6.1f} s[/dim] {line}", soft_wrap=True)

    def _line(self, event: dict[str, Any]) -> str | None:
        if event["type"] == "utterance_final":
            text = escape(" ".join(word["text"] for word in event["words"]))
            return f"[{STYLES.get(event['channel'], 'white')}]{event['speaker']}[/] {text}"
        if event["type"] == "draft_ready":
            statements = event["summary"]["statements"]
            note = "\n".join(
                f"         {escape(one['section'])}: {escape(shown(one['text'], one.get('flags', ())))}"
                for one in statements
            )
            stood_in = event["summary"].get("stand_in")
            by = f", by the embedded summarizer ({stood_in})" if stood_in else ""
            offered = f", offered as revision {event['revision']}" if event.get("revision", 1) > 1 else ""
            return f"[bold]note[/bold] ({event['summary']['code']}{by}{offered})\n{note}"
        if event["type"] == "call_closed":
            return f"call closed: {event['code']}"
        return None

    def _partial(self, event: dict[str, Any]) -> None:
        """Only on a terminal: the line is written over again and again."""
        if not self._console.is_terminal:
            return
        text = f"{event['committed']} {event['tail']}".strip()
        room = max(10, self._console.width - 12)
        self._console.file.write(f"\r\x1b[2K          … {text[-room:]}")
        self._console.file.flush()
        self._open = True

    def _clear(self) -> None:
        if self._open:
            self._console.file.write("\r\x1b[2K")
            self._open = False

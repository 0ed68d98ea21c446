"""`wrapup doctor`: what is on this machine, and what would be used by default and why."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models import machine, registry
from models.errors import WrapupError
from models.machine import Machine
from models.ports import VAD_WINDOW_SAMPLES
from models.types import NoteRequest
from pipeline.commands import in_words, one_line_errors, table_console

SERVER_PORTS = ((11434, "Ollama"), (8000, "vLLM"), (8080, "llama.cpp"))
"""Ports on which these servers listen unless told otherwise, from their manuals."""

CONNECT_TIMEOUT_S = 0.3
ANSWER_TIMEOUT_S = 1.0
ANSWER_LIMIT_BYTES = 1 << 20

EMBEDDED_ENGINES = (
    ("asr", "moonshine"),
    ("voice", "silero"),
    ("diarizer", "channels"),
    ("diarizer", "moonshine"),
    ("summarizer", "extractive"),
)
"""What the base install promises to run anywhere."""


@dataclass(frozen=True, slots=True)
class Server:
    """A language model server on the loopback: `found` that it listed its `models`."""

    name: str
    port: int
    found: bool
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """An embedded engine that was opened and run on nothing; `error` is empty where it ran."""

    kind: str
    name: str
    error: str


@dataclass(frozen=True, slots=True)
class Default:
    """What is used for `part` when nothing is named."""

    part: str
    engine: str
    reason: str


@one_line_errors
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What is on this machine and what would be used. Exit code 1 if the embedded engines cannot run."""
    facts, servers = machine.look(), find_servers(SERVER_PORTS)
    trials = [try_engine(kind, name) for kind, name in EMBEDDED_ENGINES]
    failed = [trial for trial in trials if trial.error]
    if as_json:
        report = asdict(facts) | {
            "servers": [asdict(server) for server in servers],
            "embedded": [asdict(trial) for trial in trials],
            "defaults": [asdict(default) for default in defaults()],
            "ok": not failed,
        }
        typer.echo(json.dumps(report, indent=2, default=str))
    else:
        _print_report(table_console(), facts, servers, trials)
    if failed:
        raise typer.Exit(1)


def defaults() -> list[Default]:
    """What would be used by default, and why."""
    return [
        Default("transcriber", *machine.choose_default_asr()),
        Default("speakers, stereo", *machine.choose_default_diarizer(2)),
        Default("speakers, mono", *machine.choose_default_diarizer(1)),
        Default("summarizer", *machine.choose_default_summarizer()),
    ]


def try_engine(kind: str, name: str) -> Trial:
    """Open an engine and run it on a moment of silence."""
    try:
        engine = registry.engine(kind, name)
        if kind == "asr":
            engine.transcribe([np.zeros(VAD_WINDOW_SAMPLES * 16, np.float32)])
        elif kind == "voice":
            engine.open().score(np.zeros((1, VAD_WINDOW_SAMPLES), np.float32))
        elif kind == "summarizer":
            engine.summarize(NoteRequest(()))
    except (WrapupError, ImportError, OSError, RuntimeError) as error:
        return Trial(kind, name, " ".join(str(error).split()) or type(error).__name__)
    return Trial(kind, name, "")


def find_servers(ports: Sequence[tuple[int, str]]) -> list[Server]:
    """Ask each port of the loopback for its list of models, as the OpenAI protocol has it."""
    return [_ask(port, name) for port, name in ports]


def _ask(port: int, name: str) -> Server:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CONNECT_TIMEOUT_S)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_TIMEOUT_S)
        connection.request("GET", "/v1/models")
        response = connection.getresponse()
        body = json.loads(response.read(ANSWER_LIMIT_BYTES)) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        body = None
    finally:
        connection.close()
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return Server(name, port, False, ())
    models = tuple(str(row["id"]) for row in listed if isinstance(row, dict) and "id" in row)
    return Server(name, port, True, models)


def _print_report(out: Console, facts: Machine, servers: Sequence[Server], trials: Sequence[Trial]) -> None:
    memory = in_words(facts.memory_bytes) if facts.memory_bytes else "unknown"
    found = facts.accelerator
    device = f"{found.count} CUDA device(s), {found.detail}" if found.count else f"none ({found.detail})"
    _print_table(out, "Machine", [("cores", str(facts.cores)), ("memory", memory), ("accelerator", device)])
    packages = [(package.name, package.version or "not installed") for package in facts.packages]
    _print_table(out, "Packages", packages)
    errors = {(trial.kind, trial.name): trial.error for trial in trials}
    engines = []
    for state in facts.engines:
        error = errors.get((state.kind, state.name))
        verdict = "usable" if state.usable else f"no {state.missing}: {state.remedy}"
        if state.usable and error is not None:
            verdict = f"fails: {error}" if error else "runs"
        engines.append((state.kind, state.name, verdict))
    _print_table(out, "Engines", engines)
    weights = [(w.name, in_words(w.size_bytes), w.place, str(w.path)) for w in facts.weights]
    _print_table(out, "Weights", weights)
    _print_table(out, "Language model servers on this machine", [_server_row(server) for server in servers])
    _print_table(out, "Used by default", [(d.part, d.engine, d.reason) for d in defaults()])


def _server_row(server: Server) -> tuple[str, str, str]:
    state = f"found: {', '.join(server.models) or 'no models'}" if server.found else "none"
    return (server.name, f"port {server.port}", state)


def _print_table(out: Console, title: str, rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, show_header=False)
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    out.print(Text(title, style="bold"))
    out.print(table)
    out.print()

"""`wrapup doctor`: the report, its exit code, and the search for servers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from models import registry
from models.errors import EngineError
from pipeline.commands import doctor as module
from pipeline.commands.doctor import EMBEDDED_ENGINES, Server, doctor, find_servers, try_engine

RUNNER = CliRunner()
APP = typer.Typer()
APP.command()(doctor)


class Engine:
    """An engine of any kind that takes anything."""

    fails_with: Exception | None = None

    def open(self) -> Engine:
        return self

    def transcribe(self, clips: list[Any], decoding: Any = None) -> list[Any]:
        assert all(clip.dtype == "float32" for clip in clips)
        return self._do(clips)

    def score(self, windows: Any) -> list[Any]:
        assert windows.shape == (1, 512)
        return self._do([0.0])

    def summarize(self, lines: list[Any]) -> list[Any]:
        return self._do(lines)

    def _do(self, result: list[Any]) -> list[Any]:
        if self.fails_with:
            raise self.fails_with
        return result


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(registry, "engine", lambda kind, name: Engine())
    monkeypatch.setattr(module, "SERVER_PORTS", ())


@contextmanager
def server(body: bytes, status: int = 200) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v1/models" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running.server_port
        finally:
            running.shutdown()
            thread.join()


def test_the_report_names_everything_and_the_defaults() -> None:
    result = RUNNER.invoke(APP, [])
    assert result.exit_code == 0
    for word in ("cores", "memory", "accelerator", "onnxruntime", "extractive", "moonshine:tiny-en"):
        assert word in result.stdout
    defaults = result.stdout.split("Used by default")[1]
    assert "speakers, stereo" in defaults
    assert "no Whisper weights are on this machine" in defaults


def test_the_report_as_json_holds_the_same(tmp_path: Path) -> None:
    report = json.loads(RUNNER.invoke(APP, ["--json"]).stdout)
    assert report["ok"]
    assert {(row["kind"], row["name"]) for row in report["embedded"]} == set(EMBEDDED_ENGINES)
    chosen = {row["part"]: row["engine"] for row in report["defaults"]}
    assert chosen["transcriber"] == "moonshine"
    assert chosen["speakers, stereo"] == "channels"
    assert report["accelerator"]["kind"] in ("cpu", "cuda")
    assert {"asr", "voice", "diarizer", "summarizer", "redactor"} == {
        row["kind"] for row in report["engines"]
    }


def test_servers_are_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(b'{"data": [{"id": "small[red]"}]}') as port:
        monkeypatch.setattr(module, "SERVER_PORTS", ((port, "Ollama"),))
        result = RUNNER.invoke(APP, [])
        assert "found: small[red]" in result.stdout
        assert json.loads(RUNNER.invoke(APP, ["--json"]).stdout)["servers"][0]["models"] == ["small[red]"]


@pytest.mark.parametrize("error", [EngineError("cannot\nopen it"), OSError("no library"), RuntimeError()])
def test_an_embedded_engine_that_fails_is_named_and_code_1(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Engine, "fails_with", error)
    result = RUNNER.invoke(APP, [])
    assert result.exit_code == 1
    said = " ".join(str(error).split()) or "RuntimeError"
    assert result.stdout.count(f"fails: {said}") + result.stdout.count("no module") >= 3
    assert not json.loads(RUNNER.invoke(APP, ["--json"]).stdout)["ok"]


def test_each_kind_of_engine_is_tried_as_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "fails_with", EngineError("broken"))
    errors = {(kind, name): try_engine(kind, name).error for kind, name in EMBEDDED_ENGINES}
    assert errors == {
        ("asr", "moonshine"): "broken",
        ("voice", "silero"): "broken",
        ("diarizer", "channels"): "",
        ("diarizer", "moonshine"): "",
        ("summarizer", "extractive"): "broken",
    }


def test_a_server_with_models_is_found() -> None:
    body = json.dumps({"object": "list", "data": [{"id": "qwen"}, {"id": "llama"}, "odd"]}).encode()
    with server(body) as port:
        assert find_servers([(port, "Ollama")]) == [Server("Ollama", port, True, ("qwen", "llama"))]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", 200), (b"[]", 200), (b'{"data": 3}', 200), (b'{"data": []}', 500), (b"\xff", 200)],
)
def test_another_program_on_the_port_is_not_a_server(body: bytes, status: int) -> None:
    with server(body, status) as port:
        assert find_servers([(port, "vLLM")]) == [Server("vLLM", port, False, ())]


def test_a_closed_port_and_a_silent_program_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not find_servers([(port, "vLLM")])[0].found
    assert not find_servers([(port, "vLLM")])[0].found

"""A server that is not ours: `transformers serve` with a tiny random chat model, over the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import registry
from models.errors import DecodingCancelled, EngineBudgetError, EngineError
from models.fakes import ScriptedSummarizer
from models.ports import NoteLimits
from models.types import Line, NoteRequest
from pipeline.notes import NoteWriting, said, write_note

pytestmark = pytest.mark.extras

LINES = (
    Line("u0", "agent", "S1", "Thank you for calling Northwind Bank, how can I help you?"),
    Line("u1", "customer", "S2", "I lost my card [CARD_1] yesterday."),
)
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The URL of a running server, and the folder of its model."""
    from tests.chat_checkpoint import build_chat

    folder = build_chat(tmp_path_factory.mktemp("served") / "tiny-chat", end=-9.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "transformers"), "serve", str(folder), "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    log = (folder.parent / "log").open("wb")
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], env=environment, stdout=log, stderr=log
    ) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}/v1", folder
        finally:
            process.terminate()
            log.close()


def test_a_stream_of_a_real_server_is_read_to_its_end(serving: tuple[str, Path]) -> None:
    """What the server counts comes at the end of its stream: more than the budget, by a model of one byte a
    token.
    """
    url, folder = serving
    engine = registry.engine("summarizer", f"openai:{folder}@{url}")
    with pytest.raises(EngineBudgetError, match="more tokens than are left") as raised:
        engine.summarize(NoteRequest(LINES), NoteLimits(seconds=PATIENCE_S, tokens=3_000))
    assert "Northwind" not in str(raised.value)


def test_the_embedded_summarizer_stands_in(serving: tuple[str, Path]) -> None:
    url, folder = serving
    engine = registry.engine("summarizer", f"openai:{folder}@{url}")
    found = write_note(said(LINES), NoteWriting(engine, ScriptedSummarizer(), seconds=1.0))
    assert (found.code, found.stand_in) == ("ok", "late")


def test_a_model_that_it_does_not_have(serving: tuple[str, Path]) -> None:
    url, _ = serving
    with pytest.raises(EngineError) as raised:
        registry.engine("summarizer", f"openai:no-such-model@{url}").summarize(NoteRequest(LINES))
    assert "Northwind" not in str(raised.value)


def test_a_stream_is_given_up_between_its_words(serving: tuple[str, Path]) -> None:
    url, folder = serving
    due_s = time.monotonic() + 1.0
    with pytest.raises(DecodingCancelled):
        registry.engine("summarizer", f"openai:{folder}@{url}").summarize(
            NoteRequest(LINES), NoteLimits(go_on=lambda: time.monotonic() < due_s)
        )


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    due_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < due_s:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("the server did not start")

"""Recordings that are posted: what is left of them, and who need not wait for them."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from models.fakes import ScriptedTranscriber
from models.ports import PLAIN, Decoding
from models.types import Samples, Transcription
from pipeline.service import FILES_AT_ONCE, MOST_FILES, Service
from pipeline.web import transcriptions
from pipeline.web.background import running
from pipeline.web.keys import KeyRing
from tests.pipeline.audio_files import write_audio
from tests.pipeline.live_server import configured, engines, run, served, speech

PATIENCE_S = 30


class Gated(ScriptedTranscriber):
    """Reads nothing until its gate is opened."""

    def __init__(self) -> None:
        super().__init__(max_batch=1)
        self.gate = threading.Event()
        self.reading = threading.Event()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        self.reading.set()
        self.gate.wait()
        return super().transcribe(clips, decoding)


@contextmanager
def gated_service(folder: Path, engine: Gated) -> Iterator[Service]:
    with Service(configured(folder), replace(engines(), transcriber=engine)) as service:
        try:
            yield service
        finally:
            engine.gate.set()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def stereo(folder: Path) -> bytes:
    """Agent and customer in turn."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0).T / 32_768.0
    return write_audio(folder / "call.wav", list(samples.astype(np.float32)), 16_000).read_bytes()


def post(address: str, content: bytes, timeout_s: float = 60.0) -> httpx2.Response:
    with httpx2.Client(trust_env=False, timeout=timeout_s) as client:
        files = {"file": ("call.wav", content)}
        return client.post(f"http://{address}/v1/audio/transcriptions", files=files)


def all_places_are_free(service: Service) -> bool:
    return all(service._reading.acquire(timeout=PATIENCE_S) for _ in range(MOST_FILES))


def wait_for_places(service: Service, free: int) -> None:
    """Until so few more recordings may come."""
    deadline_s = time.monotonic() + PATIENCE_S
    while service._reading._value != free and time.monotonic() < deadline_s:
        time.sleep(0.01)


def open_files(folder: Path) -> list[str]:
    """What this process has open in a folder, with a name or without."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(os.readlink(entry))
        except FileNotFoundError:
            continue
    return [name for name in found if name.startswith(str(folder))]


def test_nothing_is_left_behind(tmp_path: Path, temporary: Path) -> None:
    with served(tmp_path) as (address, service):
        assert post(address, stereo(tmp_path)).status_code == 200
        assert post(address, b"no audio").status_code == 400
        assert service.journal.backlog().records == 0
        assert service.metrics.registry.get_sample_value("wrapup_calls") == 0
        assert all_places_are_free(service)
    assert list(temporary.iterdir()) == []
    assert open_files(temporary) == []


def test_a_file_that_is_read_has_no_name_for_a_kill_to_leave(tmp_path: Path, temporary: Path) -> None:
    engine = Gated()
    with gated_service(tmp_path, engine) as service, running(service) as address:
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(post, address, stereo(tmp_path))
            assert engine.reading.wait(PATIENCE_S)
            assert len(open_files(temporary)) > 0
            assert list(temporary.iterdir()) == []
            engine.gate.set()
            assert answer.result().status_code == 200
        assert all_places_are_free(service)
    assert open_files(temporary) == []


@pytest.mark.parametrize("size", [1_000, 3_000_000])
def test_a_full_disk_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda **_: io.BufferedRandom(io.FileIO("/dev/full", "r+"))
    )
    with caplog.at_level(logging.WARNING), served(tmp_path) as (address, service):
        response = post(address, b"\0" * size)
        assert all_places_are_free(service)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert response.json() == {
        "error": {
            "message": "the server cannot keep the recording now",
            "type": "server_error",
            "param": None,
            "code": None,
        }
    }
    assert caplog.messages == ["a posted recording cannot be kept: No space left on device"]


def test_a_request_that_is_given_up_while_its_file_is_written(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()
    written = transcriptions._descriptor

    def slow(upload: UploadFile) -> int:
        writing.set()
        go_on.wait()
        return written(upload)

    async def give_up() -> None:
        with tempfile.SpooledTemporaryFile() as file:
            keeping = asyncio.create_task(transcriptions._kept(UploadFile(file)))  # type: ignore[arg-type]
            await asyncio.to_thread(writing.wait)
            keeping.cancel()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            with pytest.raises(asyncio.CancelledError):
                await keeping

    monkeypatch.setattr(transcriptions, "_descriptor", slow)
    run(give_up)
    assert open_files(temporary) == []
    assert list(temporary.iterdir()) == []


def test_a_descriptor_outlasts_the_form(temporary: Path) -> None:
    async def keep() -> int:
        upload = UploadFile(io.BufferedRandom(io.FileIO(temporary / "x", "w+")))
        await upload.write(b"whole")
        descriptor = await transcriptions._kept(upload)
        await upload.close()
        return descriptor

    descriptor = run(keep)
    assert Path(f"/proc/self/fd/{descriptor}").read_bytes() == b"whole"
    os.close(descriptor)


def test_a_server_that_goes_down_waits_for_no_file(tmp_path: Path, temporary: Path) -> None:
    engine, content = Gated(), stereo(tmp_path)
    with gated_service(tmp_path, engine) as service, ThreadPoolExecutor(FILES_AT_ONCE + 1) as pool:
        with running(service) as address:
            answers = [pool.submit(post, address, content) for _ in range(FILES_AT_ONCE + 1)]
            assert engine.reading.wait(PATIENCE_S)
            wait_for_places(service, MOST_FILES - len(answers))
        # The engine still hangs.
        for answer in answers:
            response = answer.result()
            assert response.status_code == 503
            assert response.json()["error"]["message"] == "the server is going down"
        assert all_places_are_free(service)
        assert service._maker.workers.waiting()["file"] == 0
    assert open_files(temporary) == []


def test_a_client_that_went_away_is_not_read_for(tmp_path: Path, temporary: Path) -> None:
    engine = Gated()
    with gated_service(tmp_path, engine) as service, running(service) as address:
        with pytest.raises(httpx2.ReadTimeout):
            post(address, stereo(tmp_path), timeout_s=1.0)
        assert engine.reading.wait(PATIENCE_S)
        # The engine still hangs.
        assert all_places_are_free(service)
        assert service._maker.workers.waiting()["file"] == 0
    assert open_files(temporary) == []


def test_a_client_that_goes_away_while_it_sends(tmp_path: Path) -> None:
    begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    messages = [
        {"type": "http.request", "body": begun, "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return messages.pop(0)

    with Service(configured(tmp_path), engines()) as service:
        route = transcriptions.Transcriptions(service, KeyRing([]))
        assert run(lambda: route.post(Request(scope, receive))).status_code == 499

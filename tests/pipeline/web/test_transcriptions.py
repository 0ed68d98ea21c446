"""POST /v1/audio/transcriptions on a real server: formats, refusals, what is left behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats import openai_json
from pipeline.formats.call_json import CallDocument, End, Note, Provenance, Speaker, Timing, Utterance
from pipeline.service import MOST_FILES
from pipeline.web import transcriptions
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.audio_files import write_audio
from tests.pipeline.live_server import served, speech

PATH = "/v1/audio/transcriptions"

Files = dict[str, tuple[str, bytes]]


@pytest.fixture
def stereo(tmp_path: Path) -> Files:
    """Agent and customer in turn."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0).T / 32_768.0
    path = write_audio(tmp_path / "call.wav", list(samples.astype(np.float32)), 16_000)
    return {"file": ("call.wav", path.read_bytes())}


def post(address: str, files: Files, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    """A request; lists have brackets behind their names, as the vendor's clients write them."""
    data = {f"{name}[]" if isinstance(value, list) else name: value for name, value in fields.items()}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        return client.post(f"http://{address}{PATH}", files=files, data=data, headers=headers)


def error(response: httpx2.Response) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    return dict(body["error"])


def events(response: httpx2.Response) -> list[dict[str, Any]]:
    blocks = response.text.split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]


def test_every_format(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, _):
        plain = post(address, stereo, model="any").json()
        text = plain["text"]
        # Counting is digits, and masked like those of any call.
        assert text.startswith("[NUMBER_1] [NUMBER_2]")
        assert plain["usage"] == {"type": "duration", "seconds": 5.0}
        as_text = post(address, stereo, response_format="text", language="en", prompt="x", temperature="0")
        assert (as_text.text, as_text.headers["content-type"]) == (text + "\n", "text/plain; charset=utf-8")
        srt = post(address, stereo, response_format="srt").text
        assert srt.startswith("1\n00:00:00,")
        assert "agent: [NUMBER_1]" in srt
        vtt = post(address, stereo, response_format="vtt")
        assert vtt.text.startswith("WEBVTT\n")
        assert vtt.headers["content-type"].startswith("text/vtt")
        verbose = post(address, stereo, response_format="verbose_json").json()
        assert (verbose["task"], verbose["language"], verbose["duration"]) == ("transcribe", "english", 5.0)
        assert " ".join(segment["text"] for segment in verbose["segments"]) == text
        assert [segment["id"] for segment in verbose["segments"]] == [0, 1]
        assert "words" not in verbose
        words = post(address, stereo, response_format="verbose_json", timestamp_granularities=["word"]).json()
        assert [word["word"] for word in words["words"]] == text.split()
        assert "segments" not in words
        diarized = post(address, stereo, response_format="diarized_json", chunking_strategy="auto").json()
        assert [segment["speaker"] for segment in diarized["segments"]] == ["agent", "customer"]
        names = {"known_speaker_names": ["Ann", "Bob"], "include": ["logprobs"]}
        named = post(address, stereo, response_format="diarized_json", **names).json()
        assert [segment["speaker"] for segment in named["segments"]] == ["Ann", "Bob"]
        assert {segment["type"] for segment in named["segments"]} == {"transcript.text.segment"}


def test_streams(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, _):
        text = post(address, stereo).json()["text"]
        plain = post(address, stereo, stream="true")
        assert plain.headers["content-type"].startswith("text/event-stream")
        assert [event["type"] for event in events(plain)] == [
            "transcript.text.delta",
            "transcript.text.delta",
            "transcript.text.done",
        ]
        assert "".join(event["delta"] for event in events(plain)[:-1]) == text == events(plain)[-1]["text"]
        diarized = events(post(address, stereo, stream="true", response_format="diarized_json"))
        segments = [event for event in diarized if event["type"] == "transcript.text.segment"]
        assert [segment["speaker"] for segment in segments] == ["agent", "customer"]
        ids = [event["segment_id"] for event in diarized if "segment_id" in event]
        assert ids == [segment["id"] for segment in segments]


def test_a_mono_recording(tmp_path: Path) -> None:
    samples = (speech((0.3, 1.2, 0), seconds=2.0, channels=1)[:, 0] / 32_768.0).astype(np.float32)
    path = write_audio(tmp_path / "mono.flac", [samples], 16_000, "flac")
    with served(tmp_path, diarizer="none") as (address, _):
        files = {"file": ("mono.flac", path.read_bytes())}
        found = post(address, files, response_format="diarized_json").json()
    assert found["text"] == "one two three"
    assert len(found["segments"]) == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"language": "de"}, "language"),
        ({"response_format": "xml"}, "response_format"),
        ({"timestamp_granularities": ["letter"]}, "timestamp_granularities"),
    ],
)
def test_fields_that_cannot_be_followed(
    tmp_path: Path, stereo: Files, fields: dict[str, Any], param: str
) -> None:
    with served(tmp_path) as (address, _):
        response = post(address, stereo, **fields)
    assert response.status_code == 400
    found = error(response)
    assert (found["param"], found["type"]) == (param, "invalid_request_error")
    assert "xml" not in found["message"]


def test_what_is_no_recording(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, _):
        text = post(address, {"file": ("call.wav", b"no audio")})
        empty = post(address, {"file": ("call.wav", b"")})
        none = post(address, {}, file="text")
        two = post(address, {**stereo, "other": ("b.wav", b"x")})
        with httpx2.Client(trust_env=False) as client:
            as_json = client.post(f"http://{address}{PATH}", json={"file": "x"})
            broken = client.post(
                f"http://{address}{PATH}", content=b"--x", headers={"content-type": "multipart/form-data"}
            )
    assert error(text)["message"] == "file: not an audio file that can be read"
    assert error(empty)["message"] == "file: the file is empty"
    for response in (text, empty, none, two, as_json, broken):
        assert response.status_code == 400
        assert error(response)["type"] == "invalid_request_error"
        assert tempfile.gettempdir() not in response.text


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcriptions, "MAX_UPLOAD_BYTES", 1_000)
    monkeypatch.setattr(transcriptions, "FORM_BYTES", 1_000)
    with served(tmp_path) as (address, _):
        for size in (1_001, 5_000):
            response = post(address, {"file": ("call.wav", b"\0" * size)})
            assert response.status_code == 413
            assert error(response)["code"] == "file_too_large"


def test_a_key_that_may_send_is_asked_for(tmp_path: Path, stereo: Files) -> None:
    keys = tmp_path / "keys.json"
    sends, reads = add_key(keys, "s", ("send",), ()), add_key(keys, "r", ("read",), ())
    with served(tmp_path, KeyRing(read_keys(keys))) as (address, _):
        for headers in ({}, {"Authorization": f"Bearer {reads}"}):
            response = post(address, stereo, headers)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert error(response)["code"] == "invalid_api_key"
        assert post(address, stereo, {"Authorization": f"Bearer {sends}"}).status_code == 200


def test_a_page_of_another_origin_is_told_nothing_of_keys(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, _):
        response = post(address, stereo, {"Origin": "https://elsewhere.example"})
    assert response.status_code == 403
    assert error(response)["code"] is None


def test_a_server_that_takes_no_calls_takes_no_files(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, service):
        service.switchboard.drain()
        response = post(address, stereo)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert error(response)["code"] == "rate_limit_exceeded"


def test_files_beyond_those_that_may_wait(tmp_path: Path, stereo: Files) -> None:
    with served(tmp_path) as (address, service):
        for _ in range(MOST_FILES):
            assert service._reading.acquire(blocking=False)
        response = post(address, stereo)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert error(response)["type"] == "server_error"
        for _ in range(MOST_FILES):
            service._reading.release()
        for _ in range(MOST_FILES + 1):
            assert post(address, stereo, response_format="text").status_code == 200


def said(number: int, speaker: str, text: str) -> Utterance:
    return Utterance(id=f"u{number}", speaker=speaker, channel=0, start_s=number, end_s=number + 1, text=text)


def doc(*utterances: Utterance, speakers: tuple[Speaker, ...] = ()) -> CallDocument:
    return CallDocument(
        call_id="c",
        duration_s=60.0,
        speakers=speakers,
        utterances=utterances,
        summary=Note(code="ok"),
        end=End(code="hangup"),
        provenance=Provenance(wrapup="0"),
        timing=Timing(audio_s=60.0, wall_s=1.0),
    )


def test_speakers_by_name_by_role_and_by_letter() -> None:
    call = doc(*(said(i, f"S{i}", "x") for i in range(4)), speakers=(Speaker(id="S2", role="agent"),))
    assert openai_json.labels(call, []) == {"S0": "A", "S1": "B", "S2": "agent", "S3": "C"}
    assert openai_json.labels(call, ["Ann"]) == {"S0": "Ann", "S1": "A", "S2": "agent", "S3": "B"}


def test_a_silent_call() -> None:
    assert openai_json.verbose(doc(), [])["segments"] == []
    assert openai_json.plain(doc())["text"] == ""
    done, end = openai_json.stream(doc(), [])
    assert json.loads(done.removeprefix("data: "))["type"] == "transcript.text.done"
    assert end == "data: [DONE]\n\n"


@given(st.lists(st.tuples(st.sampled_from(["S1", "S2", "S30"]), st.text(max_size=20)), max_size=40))
def test_any_text_is_streamed_whole(turns: list[tuple[str, str]]) -> None:
    call = doc(*(said(number, speaker, text) for number, (speaker, text) in enumerate(turns)))
    for known in (None, [], ["Ann"]):
        found = [json.loads(block[6:]) for block in list(openai_json.stream(call, known))[:-1]]
        deltas = [event["delta"] for event in found if event["type"].endswith("delta")]
        assert "".join(deltas) == found[-1]["text"] == openai_json.text_of(call)
    assert len(json.dumps(openai_json.verbose(call, ["word", "segment"]))) > 0

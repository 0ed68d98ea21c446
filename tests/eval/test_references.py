from __future__ import annotations

from pathlib import Path

import pytest

from eval.references import Need, data_sha256, find_references

JSON = '{"segments": [{"start": 0, "end": 1, "speaker": "A", "text": "hi"}]}'
NO_TEXT = '{"segments": [{"start": 0, "end": 1, "speaker": "A", "text": null}]}'
SOME_TEXT = '{"segments": [{"start": 0, "end": 1, "text": "hi"}, {"start": 2, "end": 3, "text": null}]}'
NO_TIMES = '{"segments": [{"start": null, "end": null, "speaker": "A", "text": "hi"}]}'
RTTM = "SPEAKER other 1 0.5 1.0 <NA> <NA> B <NA> <NA>\n"
STM = "other 1 C 0.0 2.0 hello\n"


def audio(folder: Path, **files: str) -> Path:
    path = folder / "call.wav"
    path.write_bytes(b"RIFF")
    for suffix, text in files.items():
        path.with_suffix(f".{suffix}").write_text(text)
    return path


@pytest.mark.parametrize(
    ("need", "files", "speaker"),
    [
        ("words", {"json": JSON, "rttm": RTTM, "stm": STM}, "A"),
        ("words", {"json": NO_TEXT, "stm": STM}, "C"),
        ("words", {"json": NO_TIMES}, "A"),
        ("turns", {"json": JSON, "rttm": RTTM, "stm": STM}, "B"),
        ("turns", {"json": NO_TIMES, "stm": STM}, "C"),
        ("turns", {"json": NO_TEXT}, "A"),
    ],
)
def test_the_reference_that_serves(tmp_path: Path, need: Need, files: dict[str, str], speaker: str) -> None:
    found = find_references([audio(tmp_path, **files)], need)
    assert [segment.speaker for reference in found.references for segment in reference.segments] == [speaker]
    assert (found.skipped, found.failed) == ([], [])


@pytest.mark.parametrize(
    ("need", "files", "reason"),
    [
        ("words", {}, "no reference beside it (looked for call.json, call.stm)"),
        ("words", {"rttm": RTTM}, "no reference beside it (looked for call.json, call.stm)"),
        ("words", {"json": NO_TEXT}, "call.json has no words"),
        ("words", {"json": '{"segments": [{"text": "[noise]"}]}'}, "call.json has no words"),
        ("words", {"json": SOME_TEXT}, "call.json has segments without words"),
        ("words", {"json": '{"schema": "wrapup.call/1"}', "stm": ""},
         "call.json is no reference; call.stm has no segments"),
        ("turns", {"json": NO_TIMES}, "call.json has segments without times"),
    ],
)  # fmt: skip
def test_a_file_without_a_reference_says_why(
    tmp_path: Path, need: Need, files: dict[str, str], reason: str
) -> None:
    path = audio(tmp_path, **files)
    found = find_references([path], need)
    assert [(passed.file, passed.reason) for passed in found.skipped] == [(str(path), reason)]


def test_a_reference_that_cannot_be_read_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    bad, good = audio(tmp_path, json='{"segments": 1}'), audio(tmp_path / "good", json=JSON)
    found = find_references([bad, good], "words")
    assert [reference.name for reference in found.references] == ["good/call.wav"]
    assert found.failed[0].reason == f"{tmp_path / 'call.json'}: segments: Input should be a valid list"


def test_data_hash_follows_audio_and_reference(tmp_path: Path) -> None:
    path = audio(tmp_path, json=JSON)
    before = data_sha256(find_references([path], "words").references)
    assert data_sha256(find_references([path], "words").references) == before
    path.with_suffix(".json").write_text(JSON + "\n")
    changed = data_sha256(find_references([path], "words").references)
    path.write_bytes(b"RIFX")
    assert len({before, changed, data_sha256(find_references([path], "words").references)}) == 3

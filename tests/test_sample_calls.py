"""The embedded engines on the sample calls: words, speakers, codes, secrets, and what the command leaves."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.asr import WordScores, score_words
from eval.counts import ErrorCounts
from eval.references import find_references
from pipeline.app import scoring
from pipeline.formats.call_json import CallDocument, read_call, segments_of
from tests.conftest import ROOT

FOLDER = ROOT / "sample_calls"
STEREO = sorted(path for path in FOLDER.glob("*.flac") if not path.stem.endswith(".mono"))
MONO = sorted(FOLDER.glob("*.mono.flac"))
DIGIT_WORD = re.compile(
    r"\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|twenty|forty|ninety|hundred)\b",
    re.IGNORECASE,
)

pytestmark = [pytest.mark.sample_calls, pytest.mark.xdist_group("sample_calls")]


@dataclass(frozen=True)
class Run:
    """What `wrapup run sample_calls` left: its folder, and all that it printed."""

    folder: Path
    printed: str

    def call(self, name: str) -> CallDocument:
        return read_call(self.folder / f"{name}.json")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("calls")
    command = [str(Path(sys.executable).with_name("wrapup")), "run", str(FOLDER), "--out", str(folder)]
    done = subprocess.run(
        [*command, "--format", "json,md,vtt,srt,txt,rttm"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Run(folder, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def unmasked() -> Iterator[dict[str, CallDocument]]:
    """The calls with their secrets readable, in memory only."""
    with scoring(None, None) as transcribe:
        yield {path.stem: transcribe(path) for path in [*STEREO, *MONO]}


def scores(paths: list[Path], documents: dict[str, CallDocument]) -> list[WordScores]:
    found = find_references(paths, "words")
    return [
        score_words(
            reference.segments,
            segments_of(documents[reference.audio.stem]),
            len(documents[reference.audio.stem].channels),
        )
        for reference in found.references
    ]


def test_every_call_has_its_files(run: Run) -> None:
    names = {path.stem for path in FOLDER.glob("*.flac")}
    for suffix in ("json", "md", "vtt", "srt", "txt", "rttm"):
        assert {path.name.removesuffix(f".{suffix}") for path in run.folder.glob(f"*.{suffix}")} == names
    assert f"{len(names)} calls in" in run.printed


def test_every_call_with_a_conversation_has_a_note(run: Run) -> None:
    for path in FOLDER.glob("*.flac"):
        call = run.call(path.stem)
        if path.stem == "11-empty-call":
            continue
        assert call.summary.code == "ok", path.stem
        sections = {statement.section for statement in call.summary.statements}
        assert "reason" in sections, path.stem
        assert len(sections) >= 3, path.stem
        known = {utterance.id for utterance in call.utterances}
        for statement in call.summary.statements:
            assert statement.evidence
            assert set(statement.evidence) <= known


def test_wer_of_the_stereo_calls(unmasked: dict[str, CallDocument]) -> None:
    total = sum((score.wer for score in scores(STEREO, unmasked)), ErrorCounts())
    assert total.length > 2_000
    assert total.rate is not None
    assert total.rate <= 0.20


def test_words_of_the_wrong_speaker_on_the_mono_mixes(unmasked: dict[str, CallDocument]) -> None:
    for score in scores(MONO, unmasked):
        assert score.wder is not None
        assert score.wder.words > 150
        assert score.wder.rate is not None
        assert score.wder.rate <= 0.10


def test_roles_of_the_mono_mixes_are_those_of_the_stereo_calls(unmasked: dict[str, CallDocument]) -> None:
    for path in MONO:
        reference = json.loads(path.with_suffix(".json").read_text())
        first = reference["segments"][0]["speaker"]
        call = unmasked[path.stem]
        roles = {speaker.id: speaker.role for speaker in call.speakers}
        assert roles[call.utterances[0].speaker] == first
        assert sorted(roles.values()) == ["agent", "customer"]


def test_every_word_has_its_channels_speaker(run: Run) -> None:
    for path in STEREO:
        call = run.call(path.stem)
        roles = {speaker.id: speaker.role for speaker in call.speakers}
        for utterance in call.utterances:
            assert utterance.words
            assert roles[utterance.speaker] == call.channels[utterance.channel].role


def test_the_empty_call(run: Run) -> None:
    call = run.call("11-empty-call")
    assert (call.summary.code, call.summary.statements, call.utterances) == ("no_speech", (), ())


def test_the_call_that_breaks_off_keeps_its_last_words(unmasked: dict[str, CallDocument]) -> None:
    reference = json.loads((FOLDER / "12-hang-up.json").read_text())
    last = reference["segments"][-1]
    said = re.findall(r"[a-z]+", last["text"].lower())[-4:]
    heard = [
        word.text.lower().strip(".,?!-")
        for utterance in unmasked["12-hang-up"].utterances
        if utterance.channel == last["channel"]
        for word in utterance.words
    ][-8:]
    assert len(set(said) & set(heard)) >= 2, (said, heard)


def test_no_digit_of_the_card_or_code_is_anywhere(run: Run, unmasked: dict[str, CallDocument]) -> None:
    spans = secret_spans()
    assert secrets_in(unmasked["09-card-number"], spans), "the engine must have heard digits there"
    assert secrets_in(run.call("09-card-number"), spans) == []
    everything = run.printed + "".join(
        _without_times(path.read_text()) for path in run.folder.glob("09-card-number.*")
    )
    assert "[CARD_1]" in everything
    assert "[CARD_CODE_1]" in everything
    for written in ("4111", "1111", "357", "three five seven", "one one one", "four one"):
        assert written not in everything.lower()


def secret_spans() -> list[tuple[float, float]]:
    """Where the card number and the code are spoken."""
    reference = json.loads((FOLDER / "09-card-number.json").read_text())
    return [
        (segment["start"], segment["end"])
        for segment in reference["segments"]
        if re.search(r"one one one|three five seven", segment["text"], re.IGNORECASE)
    ]


def secrets_in(call: CallDocument, spans: list[tuple[float, float]]) -> list[str]:
    """Digits and number words of utterances in which a secret is spoken; "the last four" names none."""
    return [
        word.text
        for utterance in call.utterances
        for before, word in itertools.pairwise((None, *utterance.words))
        if word is not None
        and (before is None or (before.text, word.text) != ("last", "four"))
        and utterance.channel == 1
        and any(start < utterance.end_s and utterance.start_s < end for start, end in spans)
        and not re.match(r"\[[A-Z_]+_\d+\]", word.text)
        and DIGIT_WORD.search(word.text)
    ]


def _without_times(text: str) -> str:
    """A file's text without what is a time or an id."""
    return re.sub(
        r"\"(?:start_s|end_s|id|confidence)\": [^\n]*|u\d-\d+|[\d:.,]{5,} --> [\d:.,]+|[\d.]{5,}", "", text
    )


def test_instructions_spoken_by_the_caller_are_not_followed(run: Run) -> None:
    call = run.call("10-dictated-instructions")
    for statement in call.summary.statements:
        assert "ignore" not in statement.text.lower()
        if statement.section in ("actions", "outcome"):
            assert not re.search(r"agent (?:has )?refunded", statement.text, re.IGNORECASE)

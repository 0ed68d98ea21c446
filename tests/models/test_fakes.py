"""The scripted engines keep the ports' promises."""

from __future__ import annotations

import numpy as np
import pytest

from models import registry
from models.errors import DecodingCancelled, EngineError
from models.fakes import ScriptedDiarizer, ScriptedSummarizer, ScriptedTranscriber, ScriptedVoice, pick_line
from models.ports import VAD_WINDOW_SAMPLES, Decoding
from models.types import Line, NoteRequest, Statement, Turn

LOUD = np.full(16_000, 0.5, np.float32)


def test_words_follow_the_script_and_lie_inside_the_clip() -> None:
    loud, silent = ScriptedTranscriber().transcribe([LOUD, np.zeros(16_000, np.float32)])
    assert loud.text == "one two"
    assert [(word.start_samples, word.end_samples) for word in loud.words] == [(0, 8_000), (8_000, 16_000)]
    assert silent.words == ()
    with pytest.raises(EngineError, match="9 clips in a batch of 8"):
        ScriptedTranscriber().transcribe([LOUD] * 9)


def test_a_script_can_be_named_or_picked_by_content() -> None:
    assert registry.engine("asr", "scripted:hello there").transcribe([LOUD])[0].text == "hello there"
    picking = ScriptedTranscriber(pick_line(["a b", "c d"]))
    clips = [LOUD * scale for scale in (0.2, 0.4, 0.6, 0.8)]
    found = [heard.text for heard in picking.transcribe(clips)]
    assert found == [heard.text for heard in picking.transcribe(clips)]
    assert set(found) <= {"a b", "c d"}


def test_a_draft_saves_steps_and_no_words() -> None:
    engine = ScriptedTranscriber()
    (begun,) = engine.transcribe([LOUD])
    longer = np.full(32_000, 0.5, np.float32)
    (plain,) = engine.transcribe([longer])
    (drafted,) = engine.transcribe([longer], Decoding(draft=begun.tokens))
    (misled,) = engine.transcribe([longer], Decoding(draft=(1, *begun.tokens)))
    assert drafted == misled == plain
    assert engine.steps == [2, 4, 2, 4]
    with pytest.raises(EngineError, match="a draft belongs to one clip, not to 2"):
        engine.transcribe([LOUD, LOUD], Decoding(draft=begun.tokens))


def test_reading_stops_when_nobody_waits_for_it() -> None:
    engine = ScriptedTranscriber()
    answers = iter([True, True, False])
    with pytest.raises(DecodingCancelled):
        engine.transcribe([LOUD, LOUD], Decoding(go_on=lambda: next(answers)))
    assert not list(answers)
    assert engine.transcribe([LOUD])[0].text == "one two"


def test_hotwords_are_written_as_they_were_given() -> None:
    engine = ScriptedTranscriber(lambda _: "our acme card")
    assert engine.transcribe([LOUD], Decoding(hotwords=("ACME",)))[0].text == "our ACME card"


def test_voice_is_loudness() -> None:
    windows = np.zeros((3, VAD_WINDOW_SAMPLES), np.float32)
    windows[1] = 0.3
    assert ScriptedVoice().open().score(windows).tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(EngineError, match="shape"):
        ScriptedVoice().open().score(np.zeros((1, 7), np.float32))


def test_turns_are_cut_to_what_was_heard() -> None:
    script = [Turn(0, 100, "S1"), Turn(100, 300, "S2"), Turn(300, 400, "S1")]
    for online in (True, False):
        stream = ScriptedDiarizer(script, online=online).open()
        stream.push(np.zeros(50, np.float32))
        assert stream.so_far() == ([Turn(0, 50, "S1")] if online else [])
        stream.push(np.zeros(150, np.float32))
        assert stream.end() == [Turn(0, 100, "S1"), Turn(100, 200, "S2")]


def test_notes_are_given_or_quote_the_first_line() -> None:
    lines = [Line("u1", "customer", "S1", "I lost my card.")]
    assert ScriptedSummarizer().summarize(NoteRequest(())).code == "no_speech"
    assert ScriptedSummarizer().summarize(NoteRequest(tuple(lines))).statements[0].evidence == ("u1",)
    given = Statement("outcome", "Done.", ("u1",))
    assert ScriptedSummarizer([given]).summarize(NoteRequest(tuple(lines))).statements == (given,)

"""Whatever is written is read back, and whatever is read gives segments or one clear line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.formats import ctm, lines, markdown, rttm, seglst, segments_json, srt, stm, vtt
from pipeline.formats.call_json import parse_call
from pipeline.formats.readers import parse_transcript
from pipeline.formats.segments import Segment, TimedWord
from tests.pipeline.format_strategies import NASTY, names, segments, texts, tokens, wild

PARSERS: dict[str, Callable[[str, str], object]] = {
    "vtt": vtt.parse,
    "srt": srt.parse,
    "lines": lines.parse,
    "rttm": rttm.parse,
    "stm": stm.parse,
    "ctm": ctm.parse,
    "seglst": seglst.parse,
    "segments_json": segments_json.parse,
    "call_json": parse_call,
    **{
        f"any{suffix}": lambda text, source, suffix=suffix: parse_transcript(text, Path(f"{source}{suffix}"))
        for suffix in (".txt", ".json", ".x")
    },
}
timed_lists = st.lists(segments(), max_size=5)
by_recording = st.dictionaries(tokens, st.lists(segments(tokens), min_size=1, max_size=4), max_size=3)


@given(timed_lists)
def test_vtt(given_segments: list[Segment]) -> None:
    assert vtt.parse(vtt.write(given_segments), "x") == given_segments


@given(st.lists(segments(speakers=texts), max_size=3))
def test_vtt_keeps_any_name(given_segments: list[Segment]) -> None:
    assert [s.speaker for s in vtt.parse(vtt.write(given_segments), "x")] == [
        s.speaker for s in given_segments
    ]


@given(timed_lists)
def test_srt(given_segments: list[Segment]) -> None:
    assert srt.parse(srt.write(given_segments), "x") == given_segments


@given(st.lists(segments(timed=False), max_size=5))
def test_lines(given_segments: list[Segment]) -> None:
    assert lines.parse(lines.write(given_segments), "x") == given_segments


@given(by_recording)
def test_stm(recordings: dict[str, list[Segment]]) -> None:
    expected = {name: [_on_channel_0(s) for s in inside] for name, inside in recordings.items()}
    assert stm.parse(stm.write(recordings), "x") == expected


@given(by_recording)
def test_rttm(recordings: dict[str, list[Segment]]) -> None:
    expected = {
        name: [Segment(s.speaker, s.start_s, s.end_s, None, 0) for s in inside]
        for name, inside in recordings.items()
    }
    assert rttm.parse(rttm.write(recordings), "x") == expected


@given(by_recording)
def test_seglst(recordings: dict[str, list[Segment]]) -> None:
    assert seglst.parse(seglst.write(recordings), "x") == recordings


@given(tokens, tokens, st.lists(st.tuples(tokens, st.integers(0, 10**7), st.integers(0, 1000)), max_size=5))
def test_ctm(name: str, speaker: str, words: list[tuple[str, int, int]]) -> None:
    timed = [TimedWord(w, ms / 1000, (ms + 40) / 1000, share / 1000) for w, ms, share in words]
    whole = Segment(speaker, 0.0, 1e4, "x", 1, tuple(timed))
    read = ctm.parse(ctm.write({name: [whole]}), "x")
    assert [word for segment in read.get(name, []) for word in segment.words] == timed
    assert {(s.speaker, s.channel) for s in read.get(name, [])} <= {(speaker, 1)}


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())
def test_any_text_gives_segments_or_one_line(parser: Callable[[str, str], object]) -> None:
    @given(wild)
    def check(text: str) -> None:
        try:
            parser(text, "file")
        except InputError as error:
            assert str(error).startswith("file")
            assert "\n" not in str(error)

    check()


@given(names, texts)
def test_written_lines_have_one_line_a_segment(speaker: str, text: str) -> None:
    assert lines.write([Segment(speaker, None, None, f"{text}\n{text}\u2028{text}")]).count("\n") == 1


@pytest.mark.parametrize("text", NASTY)
def test_markdown_keeps_every_letter(text: str) -> None:
    assert markdown.escape(text).replace("\\", "") == text.replace("\\", "")


def _on_channel_0(segment: Segment) -> Segment:
    return Segment(segment.speaker, segment.start_s, segment.end_s, segment.text, 0)

"""What others write, and what is said about files that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import InputError
from pipeline.formats import ctm, lines, rttm, seglst, segments_json, srt, stm, vtt
from pipeline.formats.call_json import write_call
from pipeline.formats.plain import read_text
from pipeline.formats.readers import read_transcript
from pipeline.formats.segments import Segment, in_order_of_time, one_recording
from tests.pipeline.format_strategies import example_call


def test_vtt_of_others() -> None:
    text = (
        "\ufeffWEBVTT - a title\nKind: captions\n\nNOTE\nnot a cue --> at all\n\nSTYLE\n::cue {}\n\n"
        "intro\n00:01,500 --> 1:00:02.25 align:start\n<v.loud Ann Lee>Hi <i>there</i>,\nBob &amp; co.</v>\n"
        "<v Bob>5 &lt; 6\n\n00:05.000 --> 00:06.000\nAgent: yes\n\n"
        "00:07.000 --> 00:08.000\n<c.red>no name</c>\n"
    )
    assert vtt.parse(text, "x") == [
        Segment("Ann Lee", 1.5, 3602.25, "Hi there, Bob & co."),
        Segment("Bob", 1.5, 3602.25, "5 < 6"),
        Segment("Agent", 5.0, 6.0, "yes"),
        Segment("unknown", 7.0, 8.0, "no name"),
    ]


def test_srt_of_others() -> None:
    text = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n- Agent: {\\an8}hello\r\n<i>dear</i>\r\n- Caller: hi\r\n\r\n"
        "00:03.5 --> 00:04.5\r\nno number\r\n3\r\n"
        "00:00:05,000 --> 00:00:06,000\r\nno empty line --> before\r\n"
    )
    assert srt.parse(text, "x") == [
        Segment("Agent", 1.0, 2.0, "hello dear"),
        Segment("Caller", 1.0, 2.0, "hi"),
        Segment("unknown", 3.5, 4.5, "no number"),
        Segment("unknown", 5.0, 6.0, "no empty line --> before"),
    ]


def test_lines_of_others() -> None:
    text = (
        "[00:12] Agent: Hello.\nHow are you\n\n"
        "(1:02:03.5) Mrs. Lee : the total: five\nshe told me all of it: no\n"
    )
    assert lines.parse(text, "x") == [
        Segment("Agent", 12.0, None, "Hello. How are you"),
        Segment("Mrs. Lee", 3723.5, None, "the total: five she told me all of it: no"),
    ]


def test_rttm_passes_over_other_types() -> None:
    text = ";; made by hand\nSPKR-INFO a 1 <NA> <NA> <NA> unknown x <NA>\n"
    text += "SPEAKER a 2 1.5 0.25 <NA> <NA> x <NA> <NA>\n"
    assert rttm.parse(text, "x") == {"a": [Segment("x", 1.5, 1.75, None, 1)]}


def test_stm_labels_gaps_and_ignored() -> None:
    text = (
        ";; c\na A x 0.0 1.0 <o,f0,male> Hi there\na B y 1 2 <unk> yes\na A inter_segment_gap 2 3 <o,f0,>\n"
        "a A x 3 4 IGNORE_TIME_SEGMENT_IN_SCORING\nb 1 x 0 1\n"
    )
    assert stm.parse(text, "x") == {
        "a": [Segment("x", 0.0, 1.0, "Hi there", 0), Segment("y", 1.0, 2.0, "<unk> yes", 1)],
        "b": [Segment("x", 0.0, 1.0, "", 0)],
    }


def test_stm_text_that_looks_like_a_label() -> None:
    said = [Segment("x", 0.0, 1.0, "<a,b> c", 0)]
    assert stm.parse(stm.write({"r": said}), "x") == {"r": said}


def test_ctm_of_five_fields() -> None:
    (segment,) = ctm.parse("a A 0.5 0.25 hi\n", "x")["a"]
    assert (segment.speaker, segment.end_s, segment.words[0].confidence) == ("unknown", 0.75, None)


def test_seglst_takes_times_as_strings_and_lacking_fields() -> None:
    text = '[{"session_id": "a", "speaker": "x", "start_time": "1.50", "words": "hi", "z": 1},'
    text += ' {"session_id": "a"}]'
    expected = [Segment("x", 1.5, None, "hi"), Segment("unknown", None, None, None)]
    assert seglst.parse(text, "x") == {"a": expected}


def test_segments_json_channels() -> None:
    text = (
        '{"channel_of_speaker": {"A": 1}, "segments": ['
        '{"start": 0, "end": 1.5, "speaker": "A", "text": "hi"},'
        ' {"start": null, "end": null, "speaker": "A", "text": null, "channel": 0}, {"speaker": "B"}]}'
    )
    assert segments_json.parse(text, "x") == [
        Segment("A", 0.0, 1.5, "hi", 1),
        Segment("A", None, None, None, 0),
        Segment("B", None, None, None),
    ]


BAD: list[tuple[Callable[[str, str], object], str, str]] = [
    (vtt.parse, "1\n00:01.000 --> 00:02.000\nhi", "f, line 1: expected WEBVTT"),
    (vtt.parse, "WEBVTT\n\n00:01.000 --> soon\nhi", "f, line 3: expected HH:MM:SS.mmm --> HH:MM:SS.mmm"),
    (vtt.parse, "WEBVTT\n\n00:03.000 --> 00:02.000\nhi", "f, line 3: expected an end at or after the start"),
    (srt.parse, "hello", "f: expected cues with HH:MM:SS,mmm --> HH:MM:SS,mmm, found none"),
    (lines.parse, "\nhello", 'f, line 2: expected "Speaker: text"'),
    (rttm.parse, "SPEAKER a 1 x 1 <NA> <NA> b",
     "f, line 1: expected start and duration in seconds, not negative"),
    (rttm.parse, "\nTALKER a", "f, line 2: expected SPEAKER and at least seven fields"),
    (stm.parse, "a 1 b 2.0 1.0 hi", "f, line 1: expected start and end in seconds, in this order"),
    (stm.parse, "a 1 b", "f, line 1: expected recording, channel, speaker, start, end and text"),
    (ctm.parse, "a 1 0 1",
     "f, line 1: expected recording, channel, start, duration, word and at most 3 more"),
    (ctm.parse, "a 1 0 -1 w", "f, line 1: expected start and duration in seconds, not negative"),
    (ctm.parse, "a 1 0 1 w 1.5", "f, line 1: expected a confidence between 0 and 1, or NA"),
    (seglst.parse, '[{"session_id": "a", "start_time": "x"}]',
     "f: [0].start_time: Input should be a valid number"),
    (seglst.parse, '[{"session_id": "a", "start_time": 2, "end_time": 1}]',
     "f: [0].end_time: expected a time at or after start_time"),
    (segments_json.parse, '{"segments": [{"start": 2, "end": 1}]}',
     "f: segments[0].end: expected a time at or after start"),
    (segments_json.parse, '{"segments": [{"start": -1}]}',
     "f: segments[0].start: Input should be greater than or equal to 0"),
    (segments_json.parse, '{"segments":\n [}', "f, line 2: expected JSON"),
    (segments_json.parse, '{"segments": [{"start": NaN}]}',
     "f: expected JSON with finite numbers and a reasonable depth"),
    (segments_json.parse, "[" * 100_000, "f: expected JSON with finite numbers and a reasonable depth"),
]  # fmt: skip


@pytest.mark.parametrize(("parse", "text", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_lines(parse: Callable[[str, str], object], text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(text, "f")
    assert str(raised.value) == message


VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v agent>hi\n"


@pytest.mark.parametrize(
    ("name", "text", "speakers"),
    [
        ("a.vtt", VTT, ["agent"]),
        ("vtt.txt", VTT, ["agent"]),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nagent: hi\n", ["agent"]),
        ("srt", "1\n00:00:01,000 --> 00:00:02,000\nagent: hi\n", ["agent"]),
        ("a.txt", "agent: hi\n", ["agent"]),
        ("times.txt", "[00:12] agent: hi\n", ["agent"]),
        ("a.json", write_call(example_call()), ["agent", "customer"]),
        ("call.txt", write_call(example_call()), ["agent", "customer"]),
        ("s.json", '[{"session_id": "s", "speaker": "x", "words": "hi"}]', ["x"]),
        (
            "r.json",
            '{"segments": [{"speaker": "x", "start": 2, "end": 3}, {"speaker": "y", "start": 0}]}',
            ["y", "x"],
        ),
        ("a.stm", "other 1 x 0 1 hi\n", ["x"]),
        ("a.ctm", "a 1 0 1 hi 0.5 lex x\n", ["x"]),
        ("empty.txt", "", []),
    ],
)
def test_read_transcript_by_suffix_and_content(
    tmp_path: Path, name: str, text: str, speakers: list[str]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert [segment.speaker for segment in read_transcript(path)] == speakers


def test_read_transcript_refuses_other_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    with pytest.raises(InputError, match="expected an object with schema"):
        read_transcript(path)


def test_several_recordings_need_the_name() -> None:
    both = {"a": [Segment("x", 0.0, 1.0, "hi")], "b": [Segment("y", 0.0, 1.0, "ho")]}
    assert one_recording(both, "b", "f") == both["b"]
    assert one_recording({}, "b", "f") == []
    with pytest.raises(InputError, match="holds 2 recordings"):
        one_recording(both, "c", "f")


def test_order_of_time_keeps_segments_without_times_in_place() -> None:
    given = [Segment("a", 5.0, None, "1"), Segment("a", None, None, "2"), Segment("b", 1.0, None, "3")]
    assert [segment.text for segment in in_order_of_time(given)] == ["3", "1", "2"]


def test_text_files_of_windows_and_of_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("agent: h\u00e9".encode("utf-16"))
    assert read_text(path) == "agent: h\u00e9"
    path.write_bytes(b"agent: \xff")
    with pytest.raises(InputError, match="expected UTF-8 text, found other bytes at byte 7"):
        read_text(path)
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_text(tmp_path / "none.txt")

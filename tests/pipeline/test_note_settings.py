"""What the configuration and the engines mean for notes."""

from __future__ import annotations

import pytest

from models.fakes import ScriptedTranscriber, ScriptedVoice
from models.ports import SummarizerCapabilities
from models.summarizers.extractive import Extractive
from pipeline.app import FILE_DEADLINE, OpenEngines
from pipeline.core.session import NoteSettings
from pipeline.sections import NoteSection
from tests.pipeline.engines import LineSummarizer


class Small(LineSummarizer):
    """Reads as many words as it is told."""

    def __init__(self, most: int | None) -> None:
        self._most = most

    @property
    def capabilities(self) -> SummarizerCapabilities:
        return SummarizerCapabilities(max_words=self._most)


def settings(summarizer: object, live: bool, **section: object) -> NoteSettings:
    engines = OpenEngines(
        ScriptedTranscriber(max_batch=1),
        summarizer,  # type: ignore[arg-type]
        ScriptedVoice(),
        stand_in=Extractive(),
    )
    return engines.notes(NoteSection(**section), live)  # type: ignore[arg-type]


def test_the_embedded_summarizer_stands_in_for_others_alone() -> None:
    own, other = settings(Extractive(), live=True), settings(LineSummarizer(), live=True)
    assert (own.stands_in, own.tokens, own.seconds) == (False, None, None)
    assert (other.stands_in, other.tokens, other.seconds) == (True, 300_000, 120.0)


def test_files_wait_for_their_notes() -> None:
    live, file = settings(LineSummarizer(), live=True), settings(LineSummarizer(), live=False)
    assert (live.due_s, live.give_up_s, live.chunk_words) == (10.0, 60.0, 400)
    assert file.due_s == file.give_up_s == FILE_DEADLINE.base_s
    assert file.chunk_words is None


@pytest.mark.parametrize(
    ("live", "most", "configured", "words"),
    [
        (True, None, 0, None),
        (True, 500, 400, 100),
        (True, 500, 0, 100),
        (True, 60_000, 400, 400),
        (False, 60_000, 400, 12_000),
        (False, 3, 400, 1),
    ],
)
def test_no_stretch_is_longer_than_its_part_of_what_is_read(
    live: bool, most: int | None, configured: int, words: int | None
) -> None:
    found = settings(Small(most), live, chunk_words=configured)
    assert found.chunk_words == words
    if most is not None:
        assert found.earlier_words <= most // 2

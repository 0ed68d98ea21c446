"""A site's words on their way from a file to the engine, and into what a document says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.fakes import ScriptedTranscriber, ScriptedVoice
from models.ports import PLAIN, Decoding
from models.types import Samples, Transcription
from pipeline.app import OpenEngines, Pipeline, open_engines
from pipeline.config import load_config
from tests.pipeline.audio_files import write_audio
from tests.pipeline.engines import LineSummarizer


class Remembering(ScriptedTranscriber):
    """Takes hotwords, and remembers which."""

    def __init__(self, takes: bool) -> None:
        super().__init__(max_batch=1)
        self.capabilities = replace(self.capabilities, hotwords=takes)
        self.seen: set[tuple[str, ...]] = set()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        self.seen.add(decoding.hotwords)
        return super().transcribe(clips, decoding)


def process(folder: Path, engine: ScriptedTranscriber, hotwords: tuple[str, ...]) -> str | None:
    """What the document of a short file says of its transcriber."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 16_000).astype(np.float32)
    write_audio(folder / "call.wav", [np.concatenate([noise, np.zeros(16_000, np.float32)])], 16_000)
    engines = OpenEngines(engine, LineSummarizer(), ScriptedVoice(), hotwords)
    with Pipeline(load_config(diarizer="none"), engines=engines) as pipeline:
        document = pipeline.process(folder / "call.wav", "call").document
    assert len(document.utterances) == 1
    return document.provenance.asr


def test_words_reach_the_engine_and_are_told_by_a_hash(tmp_path: Path) -> None:
    engine = Remembering(takes=True)
    plain = process(tmp_path, engine, ())
    some = process(tmp_path, engine, ("Northwind", "Maplewood"))
    others = process(tmp_path, engine, ("Northwind",))
    assert engine.seen == {(), ("Northwind", "Maplewood"), ("Northwind",)}
    assert plain == engine.version
    assert len({plain, some, others}) == 3
    assert "Northwind" not in f"{some}{others}"


def test_an_engine_that_takes_none_is_not_said_to_have_had_any(tmp_path: Path) -> None:
    engine = Remembering(takes=False)
    assert process(tmp_path, engine, ("Northwind",)) == engine.version


def test_the_file_is_read_when_the_engines_are_opened(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("# people\nAlbert Morgan\n\nNorthwind\n")
    engines = open_engines(load_config(asr="scripted", hotwords=tmp_path / "words.txt"))
    assert engines.hotwords == ("Albert Morgan", "Northwind")
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        open_engines(load_config(asr="scripted", hotwords=tmp_path / "nowhere.txt"))

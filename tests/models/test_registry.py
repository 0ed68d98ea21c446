"""Engines by name."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from models import registry
from models.errors import MissingExtraError, UnknownEngineError


def test_every_row_names_what_there_is() -> None:
    for row, target in registry.rows().items():
        kind, _, name = row.partition(":")
        module, _, attribute = target.partition(":")
        assert kind
        assert name
        assert module
        assert attribute
    assert {"moonshine", "faster-whisper", "transformers"} <= set(registry.names("asr"))


def test_an_unknown_engine_lists_near_ones() -> None:
    with pytest.raises(UnknownEngineError, match="no diarizer named 'pyanote'; try one of: pyannote"):
        registry.engine("diarizer", "pyanote")
    with pytest.raises(UnknownEngineError, match="channels, moonshine, none, pyannote"):
        registry.engine("diarizer", "zzz")
    with pytest.raises(UnknownEngineError, match=r"try one of: openai$"):
        registry.engine("summarizer", "opnai:model")
    with pytest.raises(UnknownEngineError, match=r"anthropic, azure, .*extractive, .*openai, panel"):
        registry.engine("summarizer", "nope")


def test_the_part_after_the_colon_reaches_the_factory() -> None:
    assert registry.engine("asr", "scripted:a:b").transcribe([]) == []


def test_installed_packages_add_rows_and_replace_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[EntryPoint]:
        if group != "wrapup.asr":
            return []
        return [
            EntryPoint("mine", "models.fakes:open_transcriber", group),
            EntryPoint("moonshine", "models.fakes:open_transcriber", group),
        ]

    monkeypatch.setattr(registry, "entry_points", points)
    assert "mine" in registry.names("asr")
    assert registry.engine("asr", "mine").version == "scripted:1"
    assert registry.rows()["asr:moonshine"] == "models.asr.moonshine:open_engine"


@pytest.mark.parametrize(
    ("package", "remedy"),
    [
        ("torch", "make install EXTRA=torch"),
        ("psycopg", "make install EXTRA=postgres"),
        ("pydantic_ai", "make install EXTRA=llm"),
        ("xgrammar", "make install EXTRA=torch"),
        ("elsewhere", "install the Python package elsewhere"),
    ],
)
def test_a_missing_package_names_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, package: str, remedy: str
) -> None:
    def factory(_: str) -> Any:
        raise ModuleNotFoundError(name=f"{package}.nn")

    monkeypatch.setattr(registry, "load", lambda kind, name: factory)
    with pytest.raises(MissingExtraError, match=remedy):
        registry.engine("asr", "any")


def test_a_row_whose_module_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "rows", lambda: {"asr:gone": "no_such_package.asr:open_engine"})
    with pytest.raises(MissingExtraError, match="no_such_package"):
        registry.load("asr", "gone")

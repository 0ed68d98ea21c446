"""The configuration: where values come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ConfigError
from pipeline.config import load_config, parse_roles


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults() -> None:
    config = load_config()
    assert (config.asr, config.diarizer, config.summarizer, config.roles) == (None, None, "extractive", None)


def test_options_beat_variables_and_variables_beat_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "wrapup.toml").write_text(
        'asr = "from-file"\ndiarizer = "from-file"\nsummarizer = "from-file"\n[endpoint]\nhang_ms = 480\n'
    )
    monkeypatch.setenv("WRAPUP_ASR", "from-variable")
    monkeypatch.setenv("WRAPUP_DIARIZER", "from-variable")
    monkeypatch.setenv("WRAPUP_ENDPOINT__PAD_MS", "128")
    config = load_config(asr="from-option", roles=None)
    assert (config.asr, config.diarizer, config.summarizer) == ("from-option", "from-variable", "from-file")
    assert config.endpoint.settings().hang_ms == 480
    assert config.endpoint.settings().pad_ms == 128


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 1\n", "configuration key 'colour'"),
        ("[endpoint]\nhang = 1\n", "configuration key 'endpoint.hang'"),
        ("[endpoint]\nenter = 7\n", "configuration key 'endpoint.enter'.*less than 1"),
        ("asr = \n", r"wrapup\.toml: not TOML"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "wrapup.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config()


def test_roles_are_checked() -> None:
    assert load_config(roles=parse_roles("customer, agent")).roles == ("customer", "agent")
    with pytest.raises(ConfigError, match=r"configuration key 'roles\.1'.*agent"):
        load_config(roles=parse_roles("agent,boss"))
    assert parse_roles(None) is None

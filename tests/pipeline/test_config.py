"""The configuration: where values come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from models.errors import ConfigError
from pipeline.config import OTHER_VARIABLES, Config, load_config, parse_roles, setting_names, variable_of


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


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("WRAPUP_ASSR", "variable WRAPUP_ASSR: no such setting; the nearest are WRAPUP_ASR, "),
        ("wrapup_asr_", "variable wrapup_asr_: no such setting; the nearest are WRAPUP_ASR, "),
        ("WRAPUP_ENDPOINT__HANG", "nearest are .*WRAPUP_ENDPOINT__HANG_MS"),
        ("WRAPUP_ENDPOINT_HANG_MS", "nearest are WRAPUP_ENDPOINT__HANG_MS"),
        ("WRAPUP_ENDPOINT", "no such setting"),
        ("WRAPUP_WEIGHT", "nearest are WRAPUP_WEIGHTS"),
    ],
)
def test_a_variable_of_no_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, message: str
) -> None:
    monkeypatch.setenv(variable, "secret-value")
    with pytest.raises(ConfigError, match=message) as raised:
        load_config()
    assert "secret-value" not in str(raised.value)


def test_variables_of_ours_that_are_no_settings_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in OTHER_VARIABLES:
        monkeypatch.setenv(variable, "somewhere")
    assert load_config() == Config()


@pytest.mark.parametrize("setting", setting_names())
def test_the_variable_of_every_setting_reaches_it(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    defaults = load_config()
    monkeypatch.setenv(variable_of(setting), "{")
    try:
        assert load_config() != defaults
    except ConfigError as error:
        assert f"configuration key '{setting}" in str(error)


def test_settings_of_sections_in_sections() -> None:
    class Inner(BaseModel):
        depth: int = 1
        names: tuple[str, ...] = ()

    class Outer(BaseModel):
        inner: Inner | None = None
        parts: tuple[Inner, ...] = ()
        more: dict[str, int] = {}

    assert setting_names(Outer) == ["inner.depth", "inner.names", "parts", "more"]
    assert variable_of("inner.depth") == "WRAPUP_INNER__DEPTH"


def test_roles_are_checked() -> None:
    assert load_config(roles=parse_roles("customer, agent")).roles == ("customer", "agent")
    with pytest.raises(ConfigError, match=r"configuration key 'roles\.1'.*agent"):
        load_config(roles=parse_roles("agent,boss"))
    assert parse_roles(None) is None


def test_roles_in_a_variable_and_in_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "wrapup.toml").write_text('roles = ["customer", "agent"]\n')
    assert load_config().roles == ("customer", "agent")
    monkeypatch.setenv("WRAPUP_ROLES", "agent, customer")
    assert load_config().roles == ("agent", "customer")

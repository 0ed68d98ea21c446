"""Names of language models, their hosts and their keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import registry
from models.errors import ConfigError
from models.ports import SummarizerOptions
from models.summarizers.llm_names import ModelName, is_loopback, key_of, parse

CANARY = "sk-canary-5f0e"


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("gpt-x", ModelName("gpt-x")),
        ("hf.co/a/b:Q4@http://127.0.0.1:11434/v1", ModelName("hf.co/a/b:Q4", "http://127.0.0.1:11434/v1")),
        ("m@https://h/v1#json&words=900", ModelName("m", "https://h/v1", True, 900)),
        ("gpt-x#key=/run/key", ModelName("gpt-x", key_file=Path("/run/key"))),
    ],
)
def test_a_name_taken_apart(argument: str, expected: ModelName) -> None:
    assert parse("openai", argument) == expected


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "m@ftp://h/v1",
        "m@https://",
        "m@https://h:99999/v1",
        f"m@https://user:{CANARY}@h/v1",
        f"m@https://h/v1?key={CANARY}",
        f"m@https://h/v1#{CANARY}",
        "m@https://h/v1#words=many",
        "m@https://h/v1#words=10",
        "m#json",
        "two words",
    ],
)
def test_a_name_that_cannot_be_is_told_without_repeating_it(argument: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse("openai", argument)
    assert CANARY not in str(raised.value)
    assert "summarizer openai" in str(raised.value)


def test_azure_takes_the_version_of_its_protocol_alone() -> None:
    assert parse("azure", "d@https://r.openai.azure.com?api-version=2024-10-21").host == "r.openai.azure.com"
    with pytest.raises(ConfigError):
        parse("azure", "d@https://r.openai.azure.com?api-key=2024-10-21")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "localhost.example.org", ""])
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)


def test_whose_key_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A", "B"):
        monkeypatch.delenv(name, raising=False)
        (tmp_path / name).write_text(f"{name}-file\n")
    name = parse("openai", "m@https://h/v1")
    own = parse("openai", f"m@https://h/v1#key={tmp_path / 'B'}")
    assert key_of(name, None, ["A", "B"]) is None
    monkeypatch.setenv("B", "b-variable")
    assert key_of(name, None, ["A", "B"]) == "b-variable"
    assert key_of(name, tmp_path / "A", ["B"]) == "A-file"
    assert key_of(own, tmp_path / "A", ["B"]) == "B-file"


@pytest.mark.parametrize("content", [b"", b"two\nlines", b"\xff\xfe", b"a b"])
def test_a_file_that_holds_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="key"):
        key_of(parse("openai", "m"), tmp_path / "key", [])
    with pytest.raises(ConfigError, match="cannot be read"):
        key_of(parse("openai", "m"), tmp_path / "none", [])


def test_no_key_goes_elsewhere_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", CANARY)
    assert key_of(parse("openai", "m@http://127.0.0.1:1/v1"), None, ["K"]) == CANARY
    with pytest.raises(ConfigError, match="https alone") as raised:
        key_of(parse("openai", "m@http://10.0.0.9/v1"), None, ["K"])
    assert CANARY not in str(raised.value)


def test_text_that_goes_elsewhere_in_the_clear_is_told(caplog: pytest.LogCaptureFixture) -> None:
    for url in ("http://127.0.0.1:1/v1", "https://10.0.0.9/v1"):
        registry.engine("summarizer", f"openai:m@{url}")
    assert not caplog.records
    registry.engine("summarizer", "openai:m@http://10.0.0.9/v1")
    assert caplog.messages == [
        "openai:m@10.0.0.9: the masked text of calls goes to another machine unencrypted"
    ]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai:m", "OPENAI_API_KEY"),
        ("azure:m@https://r.openai.azure.com", "AZURE_OPENAI_API_KEY"),
        ("anthropic:m", "ANTHROPIC_API_KEY"),
        ("google:m", "GOOGLE_API_KEY"),
    ],
)
def test_a_service_without_its_key_says_which(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in (
        "OPENAI_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
    ):
        monkeypatch.delenv(other, raising=False)
    with pytest.raises(ConfigError, match=variable):
        registry.engine("summarizer", name)


@pytest.mark.parametrize(
    ("name", "host", "output"),
    [
        ("openai:gpt-5.2", "api.openai.com", "native"),
        ("openai:m@https://llm.example.org:8443/v1", "llm.example.org:8443", "prompted"),
        ("azure:m@https://r.openai.azure.com", "r.openai.azure.com", "native"),
        ("azure:m@https://r.openai.azure.com?api-version=2024-10-21", "r.openai.azure.com", "native"),
        ("anthropic:claude-sonnet-4-5", "api.anthropic.com", "native"),
        ("google:gemini-2.5-flash", "generativelanguage.googleapis.com", "native"),
        ("bedrock:us.amazon.nova-lite-v1:0", "bedrock-runtime.eu-west-1.amazonaws.com", "tool"),
    ],
)
def test_every_service_opens_with_a_key_and_shows_none(
    name: str, host: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    (tmp_path / "key").write_text(CANARY)
    engine = registry.engine("summarizer", name, SummarizerOptions(key_file=tmp_path / "key"))
    assert engine.capabilities.sends_to == host
    assert engine.capabilities.at_once == 8
    assert CANARY not in engine.version
    assert f"output={output}" in engine.version


def test_services_with_one_host_take_no_url() -> None:
    for kind in ("anthropic", "google", "bedrock"):
        with pytest.raises(ConfigError, match="without a URL"):
            registry.engine("summarizer", f"{kind}:m@https://h/v1")
    with pytest.raises(ConfigError, match="DEPLOYMENT@URL"):
        registry.engine("summarizer", "azure:m")


def test_bedrock_without_a_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="AWS_DEFAULT_REGION"):
        registry.engine("summarizer", "bedrock:m")

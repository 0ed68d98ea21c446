"""No key and no word of a call gets where it does not belong, with every log switched on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from models import registry
from models.errors import EngineError
from models.ports import NoteLimits, SummarizerOptions
from models.summarizers import llm_errors
from models.summarizers.llm_client import CHATTY, hush
from models.types import Line, NoteRequest
from tests.llm_server import Cut, Hangs, LanguageServer, Raw, Refused, Reply, Said, in_turn, note

KEY = "sk-canary-key-91f3"
WORD = "canarywordofacall"
REQUEST = NoteRequest((Line("u0-1", "customer", "S1", f"I am {WORD} and my card is lost."),))


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize(
    "reply",
    [
        Said(note(("reason", "Customer lost a card.", [1]))),
        Said(f"{WORD} {KEY}"),
        Refused(401, code=KEY),
        Refused(429),
        Refused(500),
        Cut('{"statements": ['),
        Hangs(30),
        Raw(f"{WORD} {KEY}".encode()),
    ],
)
def test_no_key_and_no_word_in_any_log_or_error(
    reply: Reply, every_log: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_errors, "BACKOFF_S", 0.01)
    (tmp_path / "key").write_text(KEY)
    with LanguageServer(in_turn(reply)) as server:
        name = f"openai:tiny@{server.url}"
        engine = registry.engine("summarizer", name, SummarizerOptions(key_file=tmp_path / "key"))
        for logger in list(logging.root.manager.loggerDict):
            logging.getLogger(logger).setLevel(logging.DEBUG)
        told = engine.version
        try:
            told += repr(engine.summarize(REQUEST, NoteLimits(seconds=1.0)))
        except EngineError as error:
            told += _all_of(error)
        assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    told += every_log.text + "".join(repr(vars(record)) for record in every_log.records)
    assert KEY not in told
    assert WORD not in told
    assert not [record.name for record in every_log.records if record.name.partition(".")[0] in CHATTY]


def test_loggers_that_a_library_makes_later_are_quiet_too(every_log: pytest.LogCaptureFixture) -> None:
    hush()
    logging.getLogger("botocore.made.later").error(WORD)
    logging.getLogger("ours").error("heard")
    assert "heard" in every_log.text
    assert WORD not in every_log.text


def test_a_server_gets_no_key_that_is_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with LanguageServer() as server:
        registry.engine("summarizer", f"openai:tiny@{server.url}").summarize(REQUEST)
        monkeypatch.setenv("WRAPUP_NOTE_KEY", "for-this-server")
        registry.engine("summarizer", f"openai:tiny@{server.url}").summarize(REQUEST)
    assert KEY not in repr(server.seen)
    assert [seen.headers["authorization"] for seen in server.seen] == [
        "Bearer none",
        "Bearer for-this-server",
    ]


def test_the_provider_is_asked_at_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with LanguageServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        engine = registry.engine("summarizer", "openai:gpt-5.2")
        with pytest.raises(EngineError):
            engine.summarize(REQUEST, NoteLimits(seconds=5))
    assert not server.seen


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with LanguageServer() as other, LanguageServer() as server:
        server.script = lambda _: Refused(307, {"location": f"{other.url}/chat/completions"})
        options = SummarizerOptions(key_file=tmp_path / "key")
        with pytest.raises(EngineError):
            registry.engine("summarizer", f"openai:tiny@{server.url}", options).summarize(REQUEST)
    assert not other.seen


def _all_of(error: BaseException | None) -> str:
    """An error and all that hang on it, with what they carry."""
    told = ""
    while error is not None:
        told += f"{error!r} {vars(error)} "
        error = error.__cause__ or error.__context__
    return told

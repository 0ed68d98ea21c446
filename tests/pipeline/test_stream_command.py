"""`wrapup stream` and `wrapup keys`: calls to a real server, and one clear line where that does not go."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.senders.table import SENDERS
from pipeline.web.keys import KeyRing, read_keys
from tests.conftest import ROOT
from tests.pipeline.live_server import served

CALL = str(ROOT / "sample_calls" / "12-hang-up.flac")

FIELDS = {"audiohook": {"fields": {"associate": "customConfig.associate"}}}


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def test_a_recording_is_sent_and_its_events_are_shown(runner: CliRunner, tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        done = runner.invoke(app, ["stream", CALL, "--to", f"ws://{address}/", "--realtime", "0"])
    assert done.exit_code == 0, done.output
    assert " s S1 [NUMBER_1]\n" in done.output
    assert "note (ok)" in done.output
    assert done.output.strip().endswith("call closed: hangup")


def test_many_calls_at_once_are_counted(runner: CliRunner, tmp_path: Path) -> None:
    options = ["--realtime", "0", "--calls", "3", "--associate", "a-1", "--site", "leeds"]
    with served(tmp_path) as (address, service):
        done = runner.invoke(app, ["stream", CALL, "--to", f"ws://{address}", *options])
        legs = [one for one in service.journal.read(None, 0, 100) if one.event.id == "leg-1"]
    assert done.exit_code == 0, done.output
    assert done.output == "3 of 3 calls went through\n"
    assert [(leg.event.associate, service.journal.site_of(leg.call_id)) for leg in legs] == [
        ("a-1", "leeds")
    ] * 3


@pytest.mark.parametrize("protocol", sorted(SENDERS))
def test_a_recording_is_sent_in_other_protocols(runner: CliRunner, tmp_path: Path, protocol: str) -> None:
    options = ["--realtime", "0", "--protocol", protocol, "--associate", "a-1"]
    with served(tmp_path, doors=FIELDS) as (address, service):
        done = runner.invoke(app, ["stream", CALL, "--to", f"ws://{address}", *options])
        (leg,) = (one.event for one in service.journal.read(None, 0, 100) if one.event.id == "leg-1")
    assert done.exit_code == 0, done.output
    assert leg.associate == "a-1"
    assert " s S1 [NUMBER_1]\n" in done.output
    assert done.output.strip().endswith("call closed: hangup")


def test_a_protocol_that_is_none_is_refused(runner: CliRunner) -> None:
    done = runner.invoke(app, ["stream", CALL, "--protocol", "sip"])
    assert done.exit_code == 2
    assert "--protocol: expected one of own, audiohook, deepgram, openai, twilio" in done.output


def test_calls_that_are_refused_are_a_line_each_and_exit_code_2(runner: CliRunner, tmp_path: Path) -> None:
    options = ["--realtime", "8", "--calls", "2"]
    with served(tmp_path, live={"max_calls": 1}) as (address, _):
        done = runner.invoke(app, ["stream", CALL, "--to", f"ws://{address}", *options])
    assert done.exit_code == 2
    assert "1 of 2 calls went through" in done.output
    assert "1 calls are in progress" in done.output


def test_keys_are_made_shown_once_used_and_removed(runner: CliRunner, tmp_path: Path) -> None:
    made = runner.invoke(app, ["keys", "add", "demo", "--site", "leeds"])
    secret = made.output.strip()
    file = tmp_path / "wrapup-data" / "keys.json"
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    listed = runner.invoke(app, ["keys", "list"])
    assert "demo" in listed.output
    assert secret not in listed.output
    keys = KeyRing(read_keys(file))
    send = ["stream", CALL, "--realtime", "0"]
    with served(tmp_path, keys) as (address, _):
        to = ["--to", f"ws://{address}"]
        refused = runner.invoke(app, [*send, *to, "--site", "leeds"])
        allowed = runner.invoke(app, [*send, *to, "--key", secret, "--site", "leeds"])
    assert refused.exit_code == 2
    assert "Authorization: Bearer KEY" in refused.output
    assert allowed.exit_code == 0, allowed.output
    assert runner.invoke(app, ["keys", "remove", "demo"]).exit_code == 0
    assert read_keys(file) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["stream", "nothing.wav"], "nothing.wav"),
        (["keys", "add", "demo", "--scope", "write"], "expected any of send,read,review,metrics"),
        (["keys", "remove", "demo"], "no key named 'demo'"),
        (["serve", "--asr", "nobody"], "no asr named 'nobody'"),
        (["serve", "--host", "0.0.0.0"], "wrapup keys add"),
        (["serve", "--port", "99999"], "server.port"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(runner: CliRunner, arguments: list[str], line: str) -> None:
    done = runner.invoke(app, arguments)
    assert done.exit_code == 2
    assert line in done.output
    assert len(done.output.strip().splitlines()) == 1

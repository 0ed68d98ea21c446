"""API keys: made once, kept as hashes, found in constant time."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from models.errors import ConfigError
from pipeline.web.keys import ANYBODY, SCOPES, ApiKey, KeyRing, add_key, read_keys, remove_key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inner" / "keys.json"


def ring(file: Path) -> KeyRing:
    return KeyRing(read_keys(file))


def test_a_key_is_shown_once_and_kept_nowhere(file: Path) -> None:
    secret = add_key(file, "crm", ("read",), ())
    assert secret.startswith("wrapup_")
    assert len(secret) > 40
    assert secret not in file.read_text()
    assert secret.removeprefix("wrapup_") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert add_key(file, "other", ("read",), ()) != secret


def test_a_key_is_good_for_its_scopes_alone(file: Path) -> None:
    secret = add_key(file, "crm", ("read", "metrics"), ())
    keys = ring(file)
    for scope in SCOPES:
        found = keys.find(secret, scope)
        assert (found is not None and found.name == "crm") == (scope in ("read", "metrics"))


@pytest.mark.parametrize("presented", [None, "", "wrapup_", "wrapup_ähnlich", "\0"])
def test_what_is_no_key_is_no_key(file: Path, presented: str | None) -> None:
    add_key(file, "crm", SCOPES, ())
    assert ring(file).find(presented, "read") is None


def test_each_of_several_keys_is_found(file: Path) -> None:
    secrets = [add_key(file, f"key-{number}", SCOPES, ()) for number in range(3)]
    keys = ring(file)
    assert len(keys) == 3
    names = [getattr(keys.find(secret, "send"), "name", None) for secret in secrets]
    assert names == ["key-0", "key-1", "key-2"]


def test_a_removed_key_is_no_key(file: Path) -> None:
    gone = add_key(file, "gone", SCOPES, ())
    kept = add_key(file, "kept", SCOPES, ())
    remove_key(file, "gone")
    keys = ring(file)
    assert keys.find(gone, "read") is None
    assert keys.find(kept, "read") is not None


def test_without_keys_everybody_here_may_do_everything(file: Path) -> None:
    keys = ring(file)
    assert len(keys) == 0
    for scope in SCOPES:
        found = keys.find(None, scope)
        assert found is not None
        assert found.covers("any site")


def test_a_key_for_sites_covers_these_alone(file: Path) -> None:
    secret = add_key(file, "north", SCOPES, ("north", "west"))
    key = ring(file).find(secret, "read")
    assert isinstance(key, ApiKey)
    assert key.covers("north")
    assert not key.covers("south")
    assert not key.covers(None)


@pytest.mark.parametrize(
    ("sites", "named", "site"),
    [
        (("north",), None, "north"),
        (("north",), "south", "south"),
        (("north", "west"), None, None),
        ((), None, None),
        ((), "south", "south"),
    ],
)
def test_a_call_without_a_site_is_of_the_keys_only_one(
    sites: tuple[str, ...], named: str | None, site: str | None
) -> None:
    assert ANYBODY.model_copy(update={"sites": sites}).site_for(named) == site


def test_two_keys_of_one_name_are_refused(file: Path) -> None:
    add_key(file, "crm", ("read",), ())
    with pytest.raises(ConfigError, match="there is a key named 'crm' already"):
        add_key(file, "crm", ("send",), ())
    assert len(read_keys(file)) == 1


def test_a_key_that_is_not_there_cannot_be_removed(file: Path) -> None:
    with pytest.raises(ConfigError, match="no key named 'crm'"):
        remove_key(file, "crm")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1]",
        "{}",
        '[{"name": "x"}]',
        "\xff",
        json.dumps([{"name": "x", "sha256": "ä", "scopes": ["read"], "made_at": "2026-01-01T00:00:00Z"}]),
        json.dumps([{"name": "x", "sha256": "0" * 64, "scopes": ["all"], "made_at": "2026-01-01T00:00:00Z"}]),
    ],
)
def test_a_file_of_something_else_is_one_clear_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(
        ConfigError, match=r"keys\.json: not a file of API keys; make one with `wrapup keys add"
    ):
        read_keys(path)


def test_a_folder_is_no_file_of_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file of API keys"):
        read_keys(tmp_path)

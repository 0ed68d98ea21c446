"""What can be installed: every extra has its lock, and no lock names a package host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from models.registry import EXTRAS
from tests.conftest import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", re.MULTILINE)


def pinned(name: str) -> set[str]:
    """Names of the distributions in a lock."""
    return set(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")))


def required(requirements: list[str]) -> set[str]:
    """Names of the distributions in a list of requirements."""
    return {re.split(r"[\[<>=; ]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_every_extra_has_a_lock_that_adds_to_the_base(extra: str) -> None:
    assert required(PROJECT["optional-dependencies"][extra]) <= pinned(extra)
    assert pinned("base") <= pinned(extra)


def test_what_a_missing_package_asks_for_is_an_extra() -> None:
    assert set(EXTRAS.values()) <= set(PROJECT["optional-dependencies"])


def test_the_base_lock_needs_no_compiler_and_no_torch() -> None:
    assert required(PROJECT["dependencies"]) <= pinned("base")
    assert not {"meeteval", "torch", "psycopg"} & pinned("base")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_pins_and_hashes_alone(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [
        line for line in lines if not re.match(r"[a-z0-9-]+(\[|==)|    --hash=sha256:[0-9a-f]{64}", line)
    ] == []

"""What language models are told: files under `models/prompts/`, `NAME@VERSION.toml`, chosen by name.

A file has the texts `system`, `chunk`, `draft`, `merge` and `fields`, and `examples`: lines of a call and
the note of them. A file is never changed once notes were written with it: their version holds a hash of its
content.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from models.errors import ConfigError

_NAME = re.compile(r"([a-z0-9-]+)@(\d+)\.toml")
_TEXTS = ("system", "chunk", "draft", "merge", "fields")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of a prompt. `version` names it and what is in it: "wrapup@1/0123456789ab"."""

    version: str
    system: str
    chunk: str
    draft: str
    merge: str
    fields: str


def prompt_names() -> list[str]:
    """All prompts, sorted by name, then version: "wrapup@1"."""
    found = [match for row in _folder().iterdir() if (match := _NAME.fullmatch(row.name))]
    return [f"{name}@{number}" for name, number in sorted((m[1], int(m[2])) for m in found)]


@lru_cache
def read_prompt(name: str) -> Prompt:
    """A prompt by name, its newest version unless one is told ("wrapup@1"). Raises `ConfigError`."""
    known = prompt_names()
    chosen = name if "@" in name else next((row for row in reversed(known) if row.startswith(f"{name}@")), "")
    if chosen not in known:
        raise ConfigError(f"note.prompt: no prompt named {name!r}; expected one of: {', '.join(known)}")
    content = (_folder() / f"{chosen}.toml").read_bytes()
    found = tomllib.loads(content.decode())
    texts = {key: str(found[key]).strip() for key in _TEXTS}
    texts["system"] += _told(found.get("examples", []))
    return Prompt(f"{chosen}/{hashlib.sha256(content).hexdigest()[:12]}", **texts)


def _folder() -> Any:
    return resources.files("models") / "prompts"


def _told(examples: list[dict[str, Any]]) -> str:
    """The examples, as they stand at the end of the system's text."""
    return "".join(
        "\n\nExample. Of these lines:\n" + "\n".join(row["lines"]) + f"\nthis note:\n{row['note'].strip()}"
        for row in examples
    )

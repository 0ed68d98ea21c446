"""Names of language models: MODEL, MODEL@URL, and what may follow a `#`; hosts and keys.

A key comes from a file or from a variable, never from a name or a URL, and goes to the host it is for alone.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from models.errors import ConfigError

OWN_VARIABLE = "WRAPUP_NOTE_KEY"
"""The key of a server at a URL. Those of providers' own hosts have the providers' own variables."""

WORDS_ELSEWHERE = 60_000
"""Longest request to a provider's own models, in words: well inside 128,000 tokens."""
WORDS_AT_URL = 6_000
"""Longest request to a server at a URL, unless it is told: a local model often has a window of 16,384
tokens.
"""

_NAME = re.compile(r"(?P<model>[^@#\s]+)(?:@(?P<url>https?://[^#\s]+))?(?:#(?P<more>\S*))?")
_API_VERSION = re.compile(r"api-version=[\w.-]+")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A name taken apart. `url` is None for a provider's own host; `structured`: the server takes a JSON
    Schema.
    """

    model: str
    url: str | None = None
    structured: bool = False
    max_words: int | None = None
    key_file: Path | None = None

    @property
    def words(self) -> int:
        """The longest request, in words."""
        return self.max_words or (WORDS_AT_URL if self.url else WORDS_ELSEWHERE)

    @property
    def host(self) -> str | None:
        """Host and port of the URL, without anything else of it."""
        return None if self.url is None else urlsplit(self.url).netloc

    @property
    def local(self) -> bool:
        """Whether the URL is on this machine."""
        return self.url is not None and is_loopback(urlsplit(self.url).hostname or "")

    @property
    def in_clear(self) -> bool:
        """Whether requests go to another machine without encryption."""
        return self.url is not None and self.url.startswith("http:") and not self.local


def parse(kind: str, argument: str) -> ModelName:
    """The part of a name after `kind:`. Raises `ConfigError`, which never repeats a URL."""
    found = _NAME.fullmatch(argument)
    if found is None:
        raise ConfigError(f"summarizer {kind}: expected {kind}:MODEL or {kind}:MODEL@URL with http or https")
    url = None if found["url"] is None else _checked(kind, found["url"])
    return _with_more(kind, ModelName(found["model"], url), found["more"] or "")


def key_of(name: ModelName, key_file: Path | None, variables: Sequence[str]) -> str | None:
    """The key, of the first of: the name's own file, the configured file, the variables. None without any.

    Raises `ConfigError` for a file that cannot be read, and where a key would leave this machine in the
    clear.
    """
    path = name.key_file or key_file
    key = (
        _read(path)
        if path is not None
        else next((os.environ[v] for v in variables if os.environ.get(v)), None)
    )
    if key and name.in_clear:
        raise ConfigError("summarizer: a key goes to other machines by https alone")
    return key


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(kind: str, url: str) -> str:
    parts = _split(kind, url)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"summarizer {kind}: a URL holds no user and no key; note.key_file or {OWN_VARIABLE} does"
        )
    if parts.query and not (kind == "azure" and _API_VERSION.fullmatch(parts.query)):
        raise ConfigError(f"summarizer {kind}: a URL without a query was expected")
    return url


def _split(kind: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"summarizer {kind}: the URL has no host, or a port that is none")
    return parts


def _with_more(kind: str, name: ModelName, more: str) -> ModelName:
    words, structured, key_file = None, False, None
    for part in filter(None, more.split("&")):
        key, _, value = part.partition("=")
        if key == "words" and value.isdecimal() and int(value) >= 100:
            words = int(value)
        elif key == "key" and value:
            key_file = Path(value)
        elif part == "json" and name.url is not None:
            structured = True
        else:
            raise ConfigError(
                f"summarizer {kind}: after # expected words=N (100 at least), key=FILE, or json with a URL"
            )
    return ModelName(name.model, name.url, structured, words, key_file)


def _read(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the key of the language model cannot be read") from error
    if not key or any(not character.isprintable() or character.isspace() for character in key):
        raise ConfigError(f"{path}: expected one line with the key of the language model")
    return key

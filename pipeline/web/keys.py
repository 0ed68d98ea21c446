"""API keys: who may send calls and who may read them.

A key is 32 random bytes, shown once when it is made. The file keeps its SHA-256 alone, which is enough for a
secret that nobody can guess; a presented key is compared with all of them in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from models.errors import ConfigError
from pipeline.sinks.files import write_whole

Scope = Literal["send", "read", "review", "metrics"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class ApiKey(BaseModel):
    """One key. `sites`: the sites whose calls it may read and send; empty for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    scopes: tuple[Scope, ...]
    sites: tuple[str, ...] = ()
    made_at: datetime

    def covers(self, site: str | None) -> bool:
        """Whether calls of a site are among those that the key is for."""
        return not self.sites or site in self.sites

    def site_for(self, site: str | None) -> str | None:
        """The site of a call that names none: the key's, if it has one alone."""
        return self.sites[0] if site is None and len(self.sites) == 1 else site


ANYBODY = ApiKey(
    name="this machine", sha256="0" * 64, scopes=SCOPES, made_at=datetime(1970, 1, 1, tzinfo=UTC)
)
"""Who comes to a server without keys."""

_KEYS = TypeAdapter(list[ApiKey])


def read_keys(path: Path) -> list[ApiKey]:
    """The keys in a file; none where there is no file. Raises `ConfigError`."""
    try:
        return _KEYS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path}: not a file of API keys; make one with `wrapup keys add NAME`") from error


def add_key(path: Path, name: str, scopes: tuple[Scope, ...], sites: tuple[str, ...]) -> str:
    """Make a key, and give its secret, which is kept nowhere. Raises `ConfigError`."""
    keys = read_keys(path)
    if any(key.name == name for key in keys):
        raise ConfigError(
            f"{path}: there is a key named {name!r} already; remove it first or take another name"
        )
    secret = "wrapup_" + secrets.token_urlsafe(32)
    made = ApiKey(name=name, sha256=_hash(secret), scopes=scopes, sites=sites, made_at=datetime.now(UTC))
    _write(path, [*keys, made])
    return secret


def remove_key(path: Path, name: str) -> None:
    """Forget a key. Raises `ConfigError`."""
    keys = read_keys(path)
    rest = [key for key in keys if key.name != name]
    if len(rest) == len(keys):
        raise ConfigError(f"{path}: no key named {name!r}")
    _write(path, rest)


class KeyRing:
    """The keys that a server goes by. Without any, everybody on this machine may do everything."""

    def __init__(self, keys: list[ApiKey]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, presented: str | None, scope: Scope) -> ApiKey | None:
        """The key that was presented, if it has the scope."""
        if not self._keys:
            return ANYBODY
        sought = _hash(presented or "")
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, sought) and scope in key.scopes:
                found = key
        return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _write(path: Path, keys: list[ApiKey]) -> None:
    write_whole(path, _KEYS.dump_json(keys, indent=2).decode() + "\n")
    path.chmod(0o600)

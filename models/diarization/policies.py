"""Diarizers that hear nothing, because the channels, or the user, have already decided.

`channels`: whoever speaks on a channel is that channel's speaker, which is how contact centers record.
`none`: nobody is told apart; all that is heard on a channel is one speaker. Both give no turns, and
`needs_audio` is False so that callers need not open a stream at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import ConfigError
from models.types import Samples, Turn


class _SilentStream:
    """Takes audio and leaves it; its methods may be called in any order, any number of times."""

    def push(self, samples: Samples) -> None:
        """Do nothing."""

    def so_far(self) -> list[Turn]:
        """No turns."""
        return []

    def end(self) -> list[Turn]:
        """No turns."""
        return []


@dataclass(frozen=True, slots=True)
class Policy:
    """A decision taken without audio."""

    version: str
    needs_audio: bool = False
    online: bool = False

    def open(self) -> _SilentStream:
        """A stream that gives no turns."""
        return _SilentStream()


def open_channels(argument: str) -> Policy:
    """Each channel is one speaker. Raises `ConfigError` for an argument."""
    return _policy("channels", argument)


def open_none(argument: str) -> Policy:
    """Nobody is told apart. Raises `ConfigError` for an argument."""
    return _policy("none", argument)


def _policy(name: str, argument: str) -> Policy:
    if argument:
        raise ConfigError(f"diarizer {name!r} takes no argument, but got {argument!r}: write {name}")
    return Policy(version=name)

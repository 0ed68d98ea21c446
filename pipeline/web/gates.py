"""The protocols that a server takes calls in."""

from __future__ import annotations

from pipeline.config import Config
from pipeline.doors.messages import Gate
from pipeline.doors.openai import OpenAIGate
from pipeline.doors.own import OwnGate


def gates(config: Config) -> list[Gate]:
    """A gate for each protocol. Raises `ConfigError`."""
    return [OwnGate(), OpenAIGate(config.doors.openai.settings())]

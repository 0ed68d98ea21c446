"""The protocols that a server takes calls in."""

from __future__ import annotations

from pipeline.config import Config
from pipeline.doors.messages import Gate
from pipeline.doors.own import OwnGate
from pipeline.doors.twilio import KEYED, TwilioGate


def gates(config: Config) -> list[Gate]:
    """A gate for each protocol. Raises `ConfigError`."""
    twilio = config.doors.twilio.settings()
    return [OwnGate(), TwilioGate(twilio), TwilioGate(twilio, KEYED)]

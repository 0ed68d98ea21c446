"""The protocols that a server takes calls in."""

from __future__ import annotations

from pipeline.config import Config
from pipeline.doors.audiohook import AudioHookGate
from pipeline.doors.deepgram import DeepgramGate
from pipeline.doors.messages import Gate
from pipeline.doors.openai import OpenAIGate
from pipeline.doors.own import OwnGate
from pipeline.doors.twilio import KEYED, TwilioGate


def gates(config: Config) -> list[Gate]:
    """A gate for each protocol. Raises `ConfigError`."""
    doors = config.doors
    twilio = doors.twilio.settings()
    return [
        OwnGate(),
        AudioHookGate(doors.audiohook.settings(), LANGUAGES),
        DeepgramGate(doors.deepgram.settings()),
        OpenAIGate(doors.openai.settings()),
        TwilioGate(twilio),
        TwilioGate(twilio, KEYED),
    ]


LANGUAGES = ("en-US",)
"""What a client is told that asks for the languages, as tags with a region."""

"""The protocols that `wrapup stream` speaks beside Wrapup's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.senders.audiohook import AudioHookSender
from pipeline.senders.deepgram import DeepgramSender
from pipeline.senders.openai import OpenAISender
from pipeline.senders.sender import Sender, Spoken
from pipeline.senders.twilio import TwilioSender

SENDERS: Mapping[str, Callable[[Spoken], Sender]] = {
    "audiohook": AudioHookSender,
    "deepgram": DeepgramSender,
    "openai": OpenAISender,
    "twilio": TwilioSender,
}

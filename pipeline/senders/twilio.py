"""The client's side of Twilio Media Streams: a fork of a call, of both tracks where there are two channels.

The vendor never waits and is never answered: all is sent as it is spoken, and then the socket is closed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from models.types import RATE_HZ, Samples
from pipeline.doors import g711
from pipeline.doors.twilio import SIGNED, sign
from pipeline.resample import Resampler
from pipeline.senders.sender import Frame, Message, Opening, Spoken

WIRE_HZ = 8_000
FRAME_MS = 20
FRAME = WIRE_HZ * FRAME_MS // 1000

TRACKS = ("outbound", "inbound")
"""Of a call with two channels: the agent is what the streamed party, the customer, hears."""


class TwilioSender:
    """See `Sender`. `fields` of the recording are the stream's parameters, its call id is the call's sid."""

    until_closed = True

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken
        self._tracks = TRACKS if spoken.channels == 2 else ("inbound",)
        digest = hashlib.sha256(spoken.call_id.encode()).hexdigest()[:32]
        self._stream, self._account = f"MZ{digest}", f"AC{digest}"
        self._sequence = self._chunk = 0
        self.over = False

    @property
    def ready(self) -> bool:
        """See `Sender`."""
        return True

    @property
    def refused(self) -> str | None:
        """See `Sender`. A refusal is a close code, and no message."""
        return None

    def opening(self, origin: str, at_s: float) -> Opening:
        """See `Sender`. A secret signs the address; else the key, where there is one, is part of it."""
        if self._spoken.secret is not None:
            signature = sign(origin + SIGNED, self._spoken.secret).decode()
            return Opening(SIGNED, {"X-Twilio-Signature": signature})
        if self._spoken.key is not None:
            return Opening(f"{SIGNED}/{quote(self._spoken.key, safe='')}")
        return Opening(SIGNED)

    def hello(self) -> list[Message]:
        """See `Sender`."""
        start = {
            "accountSid": self._account,
            "callSid": self._spoken.call_id,
            "streamSid": self._stream,
            "tracks": sorted(self._tracks),
            "customParameters": dict(self._spoken.fields),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": WIRE_HZ, "channels": 1},
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return [json.dumps(connected), self._say("start", start)]

    def frames(self) -> Iterator[Frame]:
        """See `Sender`. The last is filled up with silence: the vendor knows no shorter ones."""
        tracks = [_at_wire_rate(channel, self._spoken.rate_hz) for channel in self._spoken.samples.T]
        for number in range(-(-len(tracks[0]) // FRAME)):
            blocks = [samples[number * FRAME : (number + 1) * FRAME] for samples in tracks]
            messages = tuple(
                self._media(track, number, block) for track, block in zip(self._tracks, blocks, strict=True)
            )
            yield Frame((number + 1) * FRAME_MS / 1000, messages)

    def goodbye(self) -> list[Message]:
        """See `Sender`."""
        self.over = True
        return [self._say("stop", {"accountSid": self._account, "callSid": self._spoken.call_id})]

    def answer(self, message: Message) -> list[Message]:
        """See `Sender`. A fork is answered by nobody."""
        return []

    def _media(self, track: str, number: int, samples: Samples) -> str:
        self._chunk += 1
        payload = g711.encode(np.pad(samples, (0, FRAME - len(samples))), "mulaw")
        return self._say(
            "media",
            {
                "track": track,
                "chunk": str(self._chunk),
                "timestamp": str(number * FRAME_MS),
                "payload": base64.b64encode(payload).decode(),
            },
        )

    def _say(self, event: str, body: dict[str, Any]) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                "streamSid": self._stream,
                event: body,
            }
        )


def _at_wire_rate(samples: NDArray[np.int16], rate_hz: int) -> Samples:
    # What a resampler to another rate does depends on the ratio of the two alone.
    resampler = Resampler(rate_hz * (RATE_HZ // WIRE_HZ))
    floats = samples.astype(np.float32) / 32_768.0
    return np.concatenate([resampler.push(floats), resampler.end()])

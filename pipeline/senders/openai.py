"""A client of OpenAI's realtime transcription, as a codec: one recording, mixed down to one channel.

The protocol has no goodbye, and does not say which item is the last. So the sender commits twice: the second
commit is of nothing, and is answered with an error once all that was said before it has been told.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np

from models.types import RATE_HZ, Samples
from pipeline.doors import g711
from pipeline.doors.openai_events import EMPTY
from pipeline.resample import Resampler
from pipeline.senders.sender import Frame, Message, Opening, Spoken

FRAME_MS = 20
LAST_COMMIT = "nothing-more"
"""The id of the commit of nothing."""

PCM_RATES = (8_000, 16_000, 24_000)
"""What needs no resampling; the vendor's own server takes 24000 alone."""

TELEPHONE_HZ = 8_000


class OpenAISender:
    """See `Sender`. Recordings at 8 kHz go as G.711, others as PCM."""

    until_closed = False

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken
        self.ready = False
        self.over = False
        self.refused: str | None = None
        self._mono, self._rate_hz = _mixed_down(spoken)

    def opening(self, origin: str, at_s: float) -> Opening:
        """See `Sender`. What is known of the call is in the query."""
        query = {"intent": "transcription", "call_id": self._spoken.call_id, **self._spoken.fields}
        key = self._spoken.key
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return Opening(f"/v1/realtime?{urlencode(query)}", headers)

    def hello(self) -> list[Message]:
        """See `Sender`."""
        telephone = self._rate_hz == TELEPHONE_HZ
        format_ = {"type": "audio/pcmu"} if telephone else {"type": "audio/pcm", "rate": self._rate_hz}
        audio = {
            "format": format_,
            "transcription": {"model": "wrapup", "language": "en"},
            "turn_detection": {"type": "server_vad"},
        }
        session = {"type": "transcription", "audio": {"input": audio}}
        return [json.dumps({"type": "session.update", "session": session})]

    def frames(self) -> Iterator[Frame]:
        """See `Sender`."""
        step = self._rate_hz * FRAME_MS // 1000
        for at in range(0, len(self._mono), step):
            part = self._mono[at : at + step]
            audio = base64.b64encode(self._encoded(part)).decode()
            append = json.dumps({"type": "input_audio_buffer.append", "audio": audio})
            yield Frame((at + len(part)) / self._rate_hz, (append,))

    def goodbye(self) -> list[Message]:
        """See `Sender`."""
        commit = {"type": "input_audio_buffer.commit"}
        return [json.dumps(commit), json.dumps({**commit, "event_id": LAST_COMMIT})]

    def answer(self, message: Message) -> list[Message]:
        """See `Sender`."""
        event = json.loads(message)
        if event["type"] == "session.updated":
            self.ready = True
        elif event["type"] == "error":
            self._hear(event["error"])
        return []

    def _hear(self, error: dict[str, Any]) -> None:
        if error.get("code") != EMPTY:
            self.over, self.refused = True, str(error.get("message"))
        elif error.get("event_id") == LAST_COMMIT:
            self.over = True

    def _encoded(self, samples: Samples) -> bytes:
        if self._rate_hz == TELEPHONE_HZ:
            return g711.encode(samples, "mulaw")
        data: bytes = np.clip(np.rint(samples * 32_768.0), -32_768, 32_767).astype("<i2").tobytes()
        return data


def _mixed_down(spoken: Spoken) -> tuple[Samples, int]:
    """The mean of all channels, shape (n,), float32 in [-1, 1), and its rate."""
    mono = (spoken.samples.astype(np.float32).mean(axis=1) / 32_768.0).astype(np.float32)
    if spoken.rate_hz in PCM_RATES:
        return mono, spoken.rate_hz
    resampler = Resampler(spoken.rate_hz)
    return np.concatenate([resampler.push(mono), resampler.end()]), RATE_HZ

"""A client of Deepgram's live API. See `Sender`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np

from pipeline.doors import g711
from pipeline.senders.sender import Frame, Message, Opening, Spoken

FRAMES_A_SECOND = 50
MULAW_HZ = 8_000
"""The rate of telephone lines, whose law loses nothing of what came over them."""


class DeepgramSender:
    """A recording as Deepgram's clients send one: mu-law at telephone rate, else PCM."""

    until_closed = False

    ready = True

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken
        self.over = False
        self.refused: str | None = None

    @property
    def encoding(self) -> str:
        """How the audio is written."""
        return "mulaw" if self._spoken.rate_hz == MULAW_HZ else "linear16"

    def opening(self, origin: str, at_s: float) -> Opening:
        """See `Sender`."""
        del origin, at_s
        spoken, fields = self._spoken, dict(self._spoken.fields)
        language = fields.pop("language", None)
        query = [
            ("encoding", self.encoding),
            ("sample_rate", str(spoken.rate_hz)),
            ("channels", str(spoken.channels)),
            ("multichannel", "true" if spoken.channels > 1 else "false"),
            ("interim_results", "true"),
            *([] if language is None else [("language", language)]),
            *(("extra", f"{name}:{value}") for name, value in {"call_id": spoken.call_id, **fields}.items()),
        ]
        headers = {} if spoken.key is None else {"Authorization": f"Token {spoken.key}"}
        return Opening(f"/v1/listen?{urlencode(query)}", headers)

    def hello(self) -> list[Message]:
        """See `Sender`. The opening request has said it all."""
        return []

    def frames(self) -> Iterator[Frame]:
        """See `Sender`."""
        spoken = self._spoken
        step = spoken.rate_hz // FRAMES_A_SECOND
        for at in range(0, len(spoken.samples), step):
            block = spoken.samples[at : at + step]
            if self.encoding == "mulaw":
                data = g711.encode(block.reshape(-1).astype(np.float32) / 32_768.0, "mulaw")
            else:
                data = block.astype("<i2").tobytes()
            yield Frame((at + len(block)) / spoken.rate_hz, (data,))

    def goodbye(self) -> list[Message]:
        """See `Sender`."""
        return [json.dumps({"type": "CloseStream"})]

    def answer(self, message: Message) -> list[Message]:
        """See `Sender`. What was heard is told by the server's feed."""
        found: Any = json.loads(message)
        if found.get("type") == "Metadata":
            self.over = True
        elif found.get("type") == "Error":
            self.refused = str(found.get("description"))
        return []

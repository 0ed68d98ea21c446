"""A client of Genesys AudioHook, version 2: sends a recording as PCMU, as Genesys Cloud would."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.doors import g711
from pipeline.doors.audiohook import API_KEY, ORGANIZATION, SESSION, AudioHookGate
from pipeline.doors.audiohook_messages import VERSION, duration_of
from pipeline.doors.signatures import client_secret, host_of, signed
from pipeline.senders.sender import Frame, Message, Opening, Spoken

CORRELATION = "audiohook-correlation-id"

GOOD_S = 60
"""How long the client itself says that its signature is good."""

NONCE_BYTES = 18
"""24 characters of base64."""

Stretch = tuple[float, float]


class AudioHookSender:
    """See `Sender`. Customer and associate are the channels "external" and "internal"; one channel alone is
    the customer's. Genesys has 8 kHz alone: another rate is offered as it is."""

    until_closed = False

    def __init__(
        self,
        spoken: Spoken,
        frame_ms: int = 20,
        pauses: Sequence[Stretch] = (),
        ids: tuple[str, str] | None = None,
    ) -> None:
        """`pauses`: stretches of the recording, in seconds, that the client pauses for, as for payment data.
        `ids`: of the organization and the session; made up where there are none.

        `spoken.secret` is the base64 text of the client secret, `spoken.fields` are what goes into
        `customConfig`, and "language" into `open`. Raises `ConfigError` for a secret that is none.
        """
        self._spoken = spoken
        self._frame = spoken.rate_hz * frame_ms // 1000
        self._pauses = [_in_samples(one, spoken.rate_hz) for one in pauses]
        self._key = None if spoken.secret is None else client_secret(spoken.secret)
        self._organization, self._session = ids or (str(uuid.uuid4()), str(uuid.uuid4()))
        self._client_seq = 0
        self._server_seq = 0
        self._position = 0
        self._closing = False
        self._sent = self._sides()[0]
        self.ready = False
        self.over = False
        self.refused: str | None = None

    def opening(self, origin: str, at_s: float) -> Opening:
        """See `Sender`."""
        path = AudioHookGate.path
        headers = {
            ORGANIZATION: self._organization,
            SESSION: self._session,
            CORRELATION: str(uuid.uuid4()),
            API_KEY: self._spoken.key or "",
        }
        if self._key is None:
            return Opening(path, headers)
        created = int(at_s)
        terms: dict[str, str | int] = {
            "keyid": self._spoken.key or "",
            "nonce": secrets.token_urlsafe(NONCE_BYTES),
            "alg": "hmac-sha256",
            "created": created,
            "expires": created + GOOD_S,
        }
        signature = signed(self._key, path, {**headers, "host": host_of(origin)}, terms)
        return Opening(path, {**headers, **signature})

    def hello(self) -> list[Message]:
        """See `Sender`."""
        fields = dict(self._spoken.fields)
        language = fields.pop("language", None)
        parameters: dict[str, Any] = {
            "organizationId": self._organization,
            "conversationId": self._spoken.call_id,
            "participant": {"id": str(uuid.uuid4()), "ani": "", "aniName": "", "dnis": ""},
            "media": [self._offer(sides) for sides in self._sides()],
        }
        if language is not None:
            parameters["language"] = language
        if fields:
            parameters["customConfig"] = fields
        return [self._say("open", parameters)]

    def frames(self) -> Iterator[Frame]:
        """See `Sender`. A pause is silence on the wire, and said at both of its ends."""
        samples, rate_hz = self._spoken.samples, self._spoken.rate_hz
        paused_at: int | None = None
        for at in range(0, len(samples), self._frame):
            end = min(at + self._frame, len(samples))
            paused = any(first < end and at < last for first, last in self._pauses)
            messages: list[Message] = []
            if paused and paused_at is None:
                paused_at = at
                messages.append(self._say("paused", {}))
            elif not paused and paused_at is not None:
                messages.append(self._resumed(paused_at, at))
                paused_at = None
            if not paused:
                self._position = end
                messages.append(self._encoded(at, end))
            yield Frame(end / rate_hz, tuple(messages))

    def goodbye(self) -> list[Message]:
        """See `Sender`."""
        return self._close("end")

    def answer(self, message: Message) -> list[Message]:
        """See `Sender`. A server that does not count right is left."""
        told = _object(message)
        if told.get("id") != self._session or told.get("seq") != self._server_seq + 1:
            return self._leave("the server's message has another id or number than was due")
        self._server_seq += 1
        if not 0 <= _number(told.get("clientseq")) <= self._client_seq:
            return self._leave("the server answers messages that were not sent")
        match told.get("type"):
            case "opened":
                return self._begin(told)
            case "disconnect":
                return self._disconnected(told)
            case "closed":
                self.over = True
        return []

    def _begin(self, told: Mapping[str, Any]) -> list[Message]:
        media = _parameters(told).get("media")
        chosen = [sides for sides in self._sides() if media == [self._offer(sides)]]
        if not chosen:
            return self._leave("the server takes none of the offered media")
        self._sent = chosen[0]
        self.ready = True
        # Genesys goes on with one every five seconds, which nothing here depends on.
        return [self._say("ping", {})]

    def _disconnected(self, told: Mapping[str, Any]) -> list[Message]:
        parameters = _parameters(told)
        if parameters.get("reason") != "completed":
            self.refused = str(parameters.get("info") or parameters.get("reason"))
        return self._close("disconnect")

    def _leave(self, why: str) -> list[Message]:
        self.refused = why
        return self._close("error")

    def _close(self, reason: str) -> list[Message]:
        if self._closing:
            return []
        self._closing = True
        return [self._say("close", {"reason": reason})]

    def _resumed(self, start: int, end: int) -> Message:
        self._position = end
        rate_hz = self._spoken.rate_hz
        parameters = {"start": duration_of(start, rate_hz), "discarded": duration_of(end - start, rate_hz)}
        return self._say("resumed", parameters)

    def _sides(self) -> list[list[str]]:
        if self._spoken.channels == 1:
            return [["external"]]
        return [["external", "internal"], ["external"], ["internal"]]

    def _offer(self, sides: list[str]) -> dict[str, Any]:
        return {"type": "audio", "format": "PCMU", "channels": sides, "rate": self._spoken.rate_hz}

    def _encoded(self, at: int, end: int) -> bytes:
        # The recording has the agent first and the customer last.
        columns = [0 if side == "internal" else -1 for side in self._sent]
        block = self._spoken.samples[at:end, columns].astype(np.float32) / 32_768.0
        return g711.encode(block.reshape(-1), "mulaw")

    def _say(self, kind: str, parameters: dict[str, Any]) -> str:
        self._client_seq += 1
        message = {
            "version": VERSION,
            "id": self._session,
            "type": kind,
            "seq": self._client_seq,
            "serverseq": self._server_seq,
            "position": duration_of(self._position, self._spoken.rate_hz),
            "parameters": parameters,
        }
        return json.dumps(message)


def _in_samples(stretch: Stretch, rate_hz: int) -> tuple[int, int]:
    return round(stretch[0] * rate_hz), round(stretch[1] * rate_hz)


def _object(message: Message) -> Mapping[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _parameters(told: Mapping[str, Any]) -> Mapping[str, Any]:
    found = told.get("parameters")
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1

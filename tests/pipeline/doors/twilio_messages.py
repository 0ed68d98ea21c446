"""What clients of Twilio Media Streams and its kin send, in the shape of each vendor."""

from __future__ import annotations

import base64
import json
from typing import Any

from pipeline.doors.messages import Answer, Chunk, Closing, DoorOutput, Started, Welcome
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.twilio import PLAIN, TwilioDoor

FRAME_MS = 20
EPOCH_MS = 1_772_442_000_123

TWILIO: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
    "start": {
        "accountSid": "AC2cbc2b9c5f2b1f4ee5b1dc9b17e7ba9a",
        "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
        "callSid": "CA4df1a0ac7fa2c0ee3e5a0a8b2cbf1dd1",
        "tracks": ["inbound", "outbound"],
        "customParameters": {},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}
TELNYX: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_id": "32de0dea-53cb-4b21-89a4-9e1819c043bc",
    "start": {
        "user_id": "3e6f995f-85f7-4705-9741-53b116d28237",
        "call_control_id": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
        "call_session_id": "ff55a038-6f5d-11ef-9692-02420aeffb1f",
        "from": "+13122010094",
        "to": "+13122123456",
        "client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d",
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    },
}
PLIVO: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": 0,
    "start": {
        "callId": "5a6ee5a1-b9fa-4a6f-a8f5-1cc5e5ab6b0e",
        "streamId": "20170ada-f610-433b-8758-c02a2aab3662",
        "accountId": "100000",
        "tracks": ["inbound", "outbound"],
        "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 8000},
    },
    "extra_headers": "",
}
EXOTEL: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_sid": "d4f1c7e8a2f04c1f9f2c7a0b1e6d3c5a",
    "start": {
        "stream_sid": "d4f1c7e8a2f04c1f9f2c7a0b1e6d3c5a",
        "call_sid": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "account_sid": "bank1",
        "from": "09999999999",
        "to": "08888888888",
        "custom_parameters": {},
        "media_format": {"encoding": "raw/slin", "sample_rate": "8000", "bit_rate": "128kbps"},
    },
}
STARTS = {"twilio": TWILIO, "telnyx": TELNYX, "plivo": PLIVO, "exotel": EXOTEL}
CALL_IDS = {
    "twilio": TWILIO["start"]["callSid"],
    "telnyx": TELNYX["start"]["call_control_id"],
    "plivo": PLIVO["start"]["callId"],
    "exotel": EXOTEL["start"]["call_sid"],
}


def start(vendor: str = "twilio", **fields: Any) -> str:
    """A start, with other or more fields inside of it; None for one left out."""
    whole = STARTS[vendor]
    inner = {name: value for name, value in {**whole["start"], **fields}.items() if value is not None}
    return json.dumps({**whole, "start": inner})


def l16(encoding: str = "audio/x-l16", rate_hz: int = 16_000) -> dict[str, Any]:
    """A media format of 16 bits."""
    return {"encoding": encoding, "sampleRate": rate_hz, "channels": 1}


def media(
    number: int, data: bytes = b"", track: str | None = "inbound", vendor: str = "twilio", **fields: Any
) -> str:
    """The message of this number on its track, 20 ms after the one before; 160 bytes unless given."""
    inner: dict[str, Any] = {
        "track": track,
        "chunk": str(number + 1),
        "timestamp": str(number * FRAME_MS),
        "payload": base64.b64encode(data or bytes([number % 256]) * 160).decode(),
    }
    sequence = {"sequenceNumber": str(number + 2)}
    if vendor in ("telnyx", "exotel"):
        sequence = {"sequence_number": str(number + 2)}
    elif vendor == "plivo":
        sequence = {"sequenceNumber": number + 2}  # type: ignore[dict-item]
        inner |= {"chunk": number + 1, "timestamp": str(EPOCH_MS + number * FRAME_MS)}
    inner = {name: value for name, value in {**inner, **fields}.items() if value is not None}
    return json.dumps({"event": "media", **sequence, "media": inner})


STOP = json.dumps({"event": "stop", "sequenceNumber": "9", "stop": {"callSid": "CA"}})


def streaming(
    vendor: str = "twilio", settings: DoorSettings = PLAIN, from_samples: int = 0, **fields: Any
) -> TwilioDoor:
    """A door whose stream was taken."""
    door = TwilioDoor(settings)
    (started,) = door.receive(start(vendor, **fields))
    assert isinstance(started, Started)
    assert door.welcome(Welcome(started.info.call_id, (from_samples,) * len(started.carries))) == []
    return door


def refused(outputs: list[DoorOutput] | list[Answer]) -> tuple[int, str]:
    """Code and reason of the only output."""
    (closing,) = outputs
    assert isinstance(closing, Closing)
    assert "\n" not in closing.reason
    return closing.code, closing.reason


def chunks(outputs: list[DoorOutput]) -> list[Chunk]:
    """Outputs that are all audio."""
    heard = [output for output in outputs if isinstance(output, Chunk)]
    assert heard == outputs
    return heard


def places(outputs: list[DoorOutput]) -> list[tuple[int | None, int]]:
    """Place and length of each piece of audio."""
    return [(one.at, one.samples.shape[1]) for one in chunks(outputs)]

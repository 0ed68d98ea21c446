"""What a client of AudioHook sends, written by hand from the protocol's description."""

from __future__ import annotations

import json
from typing import Any

from pipeline.doors.audiohook import AudioHookDoor
from pipeline.doors.messages import Answer, DoorOutput, Reply, Welcome
from pipeline.doors.metadata import DoorSettings

ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
CORRELATION = "e160e428-53e2-487c-977d-96989bf5c99d"
CONVERSATION = "090eaa2f-72fa-480a-83e0-8667ff89c0ec"
NOBODY = "00000000-0000-0000-0000-000000000000"


def medium(*channels: str, **other: Any) -> dict[str, Any]:
    return {"type": "audio", "format": "PCMU", "channels": list(channels), "rate": 8_000, **other}


BOTH = medium("external", "internal")
CUSTOMER = medium("external")
AGENT = medium("internal")

OPEN: dict[str, Any] = {
    "organizationId": ORGANIZATION,
    "conversationId": CONVERSATION,
    "participant": {
        "id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0",
        "ani": "+1-555-555-1234",
        "aniName": "John Doe",
        "dnis": "+1-800-555-6789",
    },
    "media": [BOTH, CUSTOMER, AGENT],
    "language": "en-US",
}


class Client:
    """Counts its messages."""

    def __init__(self) -> None:
        self.seq = 0

    def say(self, kind: str, parameters: Any = None, **other: Any) -> str:
        """A message; `other` members of the envelope instead of, or beside, the usual ones."""
        self.seq += 1
        message = {
            "version": "2",
            "id": SESSION,
            "type": kind,
            "seq": self.seq,
            "serverseq": 0,
            "position": "PT0S",
            "parameters": {} if parameters is None else parameters,
        }
        return json.dumps({**message, **other})

    def open(self, **parameters: Any) -> str:
        return self.say("open", {**OPEN, **parameters})


def new_door(settings: DoorSettings | None = None) -> AudioHookDoor:
    return AudioHookDoor(ORGANIZATION, SESSION, settings or DoorSettings())


def opened(from_samples: int = 0, **parameters: Any) -> tuple[AudioHookDoor, Client]:
    """A door whose stream was taken, and its client."""
    door, client = new_door(), Client()
    door.receive(client.open(**parameters))
    door.welcome(Welcome(CONVERSATION, (from_samples, from_samples)))
    return door, client


def said(outputs: list[DoorOutput] | list[Answer]) -> list[tuple[str, dict[str, Any]]]:
    """Types and parameters of what is answered."""
    messages = [json.loads(one.message) for one in outputs if isinstance(one, Reply)]
    return [(message["type"], message["parameters"]) for message in messages]


def only(outputs: list[DoorOutput] | list[Answer]) -> tuple[str, dict[str, Any]]:
    """The one answer, where there is nothing else."""
    assert len(outputs) == 1
    (one,) = said(outputs)
    return one

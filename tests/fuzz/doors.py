"""Coverage-guided fuzzing of every door: any opening request, then any messages, events and answers.

    python -m tests.fuzz.doors PROTOCOL -max_total_time=20      (libFuzzer's options behind the name)

Whatever comes, a door gives nothing but values of the contract, and never raises. Messages are those of the
protocol's own sender, as they are or damaged, and bytes of the fuzzer's own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import get_args

import atheris

with atheris.instrument_imports(include=["pipeline.doors"]):
    import numpy as np

    from models.types import Word
    from pipeline.config import load_config
    from pipeline.core.events import AudioGap, Event, Flushed, Partial, UtteranceFinal, UtteranceLost
    from pipeline.doors.messages import Answer, Control, Denial, DoorOutput, Gate, Upgrade, Welcome
    from pipeline.doors.own import OwnGate
    from pipeline.senders.sender import Message, Opening, Spoken
    from pipeline.senders.table import SENDERS
    from pipeline.web.gates import gates

ORIGIN = "ws://calls.example.org"
AT_S = 1_700_000_000.0
CALL_ID = "5f3d0a52-7f0e-4a0e-9d5b-0a2f6f6d1c11"
OWN = "own"
MESSAGES = 24
"""Steps of one run."""

OUTPUTS = tuple(kind for one in get_args(DoorOutput) for kind in (get_args(one) or (one,)))
assert set(get_args(Control)) | set(get_args(Answer)) <= set(OUTPUTS)


class Run:
    """One run over what the fuzzer gave."""

    def __init__(self, data: bytes, gate: Gate, opening: Opening, valid: Sequence[Message]) -> None:
        self._given = atheris.FuzzedDataProvider(data)
        self._gate = gate
        self._opening = opening
        self._valid = valid
        self._next = 0

    def go(self) -> None:
        """From the opening request on."""
        upgrade = self._upgrade()
        self._gate.present(upgrade)
        opened = self._gate.open(upgrade)
        if isinstance(opened, Denial):
            return
        door = opened.door
        steps: list[Callable[[], Sequence[DoorOutput]]] = [
            lambda: door.receive(self._valid_message()),
            lambda: door.receive(self._damaged_message()),
            lambda: door.receive(self._text()),
            lambda: door.receive(self._given.ConsumeBytes(200)),
            lambda: door.event(self._event()),
            lambda: door.welcome(Welcome(CALL_ID, (self._samples(),) * 2)),
            lambda: door.refuse(self._given.ConsumeIntInRange(1_000, 1_015), self._text()),
            lambda: door.closed("hangup"),
        ]
        for _ in range(MESSAGES):
            for output in steps[self._given.ConsumeIntInRange(0, len(steps) - 1)]():
                assert isinstance(output, OUTPUTS), type(output)

    def _upgrade(self) -> Upgrade:
        opening = self._opening
        headers = {name.lower(): value for name, value in opening.headers.items()}
        if opening.subprotocols:
            headers["sec-websocket-protocol"] = ", ".join(opening.subprotocols)
        path = opening.path
        if self._given.ConsumeBool():
            path += self._given.ConsumeUnicodeNoSurrogates(40)
            headers[self._given.ConsumeUnicodeNoSurrogates(20).lower()] = self._text()
        return Upgrade(ORIGIN + path, {"host": "calls.example.org", **headers}, AT_S)

    def _valid_message(self) -> Message:
        self._next = (self._next + 1) % len(self._valid)
        return self._valid[self._next - 1]

    def _damaged_message(self) -> Message:
        message = self._valid_message()
        at = self._given.ConsumeIntInRange(0, len(message))
        if isinstance(message, str):
            return message[:at] + self._given.ConsumeUnicodeNoSurrogates(8) + message[at + 1 :]
        return message[:at] + self._given.ConsumeBytes(8) + message[at + 1 :]

    def _text(self) -> str:
        return str(self._given.ConsumeUnicodeNoSurrogates(200))

    def _samples(self) -> int:
        return int(self._given.ConsumeIntInRange(0, 2**40))

    def _event(self) -> Event:
        channel, start, end = self._given.ConsumeIntInRange(0, 3), self._samples(), self._samples()
        words = (Word(self._text(), 0, self._samples(), self._given.ConsumeProbability()),)
        events: list[Event] = [
            UtteranceFinal(f"u{channel}-{start}", channel, self._text(), start, end, words, "en", ()),
            UtteranceLost(f"u{channel}-{start}", channel, start, end, "failed"),
            AudioGap(f"g{channel}-{start}", channel, start, end),
            Partial(channel, start, end, self._text(), self._text()),
            Flushed(end),
        ]
        return events[self._given.ConsumeIntInRange(0, len(events) - 1)]


def protocol(name: str) -> tuple[Gate, Callable[[], Opening], Sequence[Message]]:
    """A gate, opening requests that it lets in, and messages of a whole call."""
    if name == OWN:
        hello = json.dumps({"type": "hello", "rate_hz": 8_000, "encoding": "mulaw", "channels": ["agent"]})
        controls = [f'{{"type": "{kind}"}}' for kind in ("hold", "pause", "resume", "update", "end")]
        return OwnGate(), lambda: Opening(f"/v1/calls/{CALL_ID}/audio"), [hello, b"\xff" * 160, *controls]
    spoken = Spoken(CALL_ID, 8_000, np.zeros((800, 2), np.int16))
    sender = SENDERS[name](spoken)
    frames = chain.from_iterable(frame.messages for frame in sender.frames())
    path = sender.opening(ORIGIN, AT_S).path.partition("?")[0]
    (gate,) = (gate for gate in gates(load_config()) if gate.path == path)
    valid = [*sender.hello(), *islice(frames, 6), *sender.goodbye()]
    return gate, lambda: SENDERS[name](spoken).opening(ORIGIN, AT_S), valid


def main() -> None:
    """Fuzz the protocol that the first argument names; without one, print the names."""
    if len(sys.argv) < 2:
        print(*sorted([OWN, *SENDERS]))  # noqa: T201
        return
    gate, opening, valid = protocol(sys.argv.pop(1))

    def once(data: bytes) -> None:
        Run(data, gate, opening(), valid).go()

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

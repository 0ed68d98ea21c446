"""A stream of a vendor that joins a call whose server died: what it brings is new."""

from __future__ import annotations

from models.ports import VAD_WINDOW_SAMPLES
from models.types import RATE_HZ
from pipeline.core.events import UtteranceFinal
from pipeline.doors.messages import Chunk, Started
from pipeline.doors.twilio import TwilioDoor
from tests.pipeline.doors.twilio_messages import STOP, l16, media, start
from tests.pipeline.live.test_restore import SPOKEN, WHOLE, raised, talk
from tests.pipeline.live_harness import LiveRoom

FRAME = 320


def test_what_comes_after_a_restart_is_heard_as_new() -> None:
    first = LiveRoom(seed=3)
    talk(first, 150_000)
    room = raised(list(first.recorder.records))
    heard = [room.call._shell.session.heard(channel) for channel in range(2)]
    wanted = [room.call._shell.refill_from(channel) for channel in range(2)]
    assert wanted[0] < heard[0] == heard[1]
    # On the same grid of windows as before.
    new = 200_000 + (heard[0] - 200_000) % VAD_WINDOW_SAMPLES

    door = TwilioDoor()
    (started,) = door.receive(start(callSid="call-1", mediaFormat=l16()))
    assert isinstance(started, Started)
    joined = room.call.join(started, lambda *_: None)
    room.settle()
    stream, welcome = joined.result(timeout=0)
    assert door.welcome(welcome) == []
    rest = (SPOKEN[:, new:] * 32_767).astype("<i2")
    for number in range(-(-rest.shape[1] // FRAME)):
        for channel, track in enumerate(("outbound", "inbound")):
            block = rest[channel, number * FRAME : (number + 1) * FRAME]
            for chunk in door.receive(media(number, block.tobytes(), track)):
                assert isinstance(chunk, Chunk)
                room.call.hear(stream, chunk)
                room.settle()
    door.receive(STOP)
    room.call.leave(stream, hung_up=True)
    room.settle()

    assert room.end_code == "hangup"
    gaps = {(gap.channel, gap.start_samples, gap.end_samples, gap.reason) for gap in room.recorder.gaps}
    assert gaps == {(one, wanted[one], heard[one], "lost") for one in range(2) if wanted[one] < heard[one]}
    moved = heard[0] - new
    later = {
        (final.channel, final.start_samples)
        for final in room.recorder.finals
        if final.start_samples > heard[0] + RATE_HZ
    }
    assert later == {
        (event.channel, event.start_samples + moved)
        for events in WHOLE.values()
        for event in events
        if isinstance(event, UtteranceFinal) and event.start_samples > new + RATE_HZ
    }
    assert len(later) > 1

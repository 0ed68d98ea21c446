"""kill -9 in a call: a new one goes on from what was recorded, to the same events."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np
import pytest

from models.errors import EngineError
from models.ports import PLAIN, VAD_WINDOW_SAMPLES, Decoding
from models.types import RATE_HZ, Samples, Transcription
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DurableEvent,
    EndCode,
    Event,
    Failure,
    LegStarted,
    Partial,
    Result,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import SessionSettings
from pipeline.live.state import restored
from tests.pipeline.engines import HalvesDiarizer
from tests.pipeline.live_harness import (
    LIVE,
    Client,
    LiveRoom,
    NotingTranscriber,
    as_file,
    by_channel,
    in_order,
    speech,
)

SPOKEN = speech(1)
WHOLE = by_channel(as_file(SPOKEN))

Records = Sequence[Event | Result | bytes]


def raised(records: Records, alone: EndCode = "interrupted", settings: SessionSettings = LIVE) -> LiveRoom:
    """A new server's call, made from what the dead one recorded."""
    room = LiveRoom(settings)
    snapshots = [one for one in records if isinstance(one, bytes)]
    events = [one for one in records if isinstance(one, DurableEvent)]
    known = {one.job_id: one.value for one in records if isinstance(one, Result)}
    session, state = restored(snapshots[-1], events)
    room.begin(session, known, alone, state).resume()
    room.settle()
    return room


def talk(room: LiveRoom, until: int, positions: bool = False, rate_hz: int = RATE_HZ) -> Client:
    """A call of which the client sent so many samples when the server died; work was done by chance."""
    room.call.open_leg("ann", "cards")
    room.settle()
    client = room.connect(positions=positions, rate_hz=rate_hz)
    for at in range(0, until, 1_600):
        client.send(SPOKEN[:, at : min(until, at + 1_600)], at if positions else None, 320, run=False)
        room.work_a_little()
    return client


def joined(*parts: Records) -> list[DurableEvent]:
    """Events of several lives of a call, each once; what is said again has to be the same."""
    found: dict[str, DurableEvent] = {}
    for records in parts:
        for one in records:
            if not isinstance(one, Partial | Result | bytes):
                assert found.setdefault(one.id, one) == one
    return list(found.values())


def send_rest(room: LiveRoom, block: Samples, rate_hz: int = RATE_HZ) -> Client:
    """The client comes back, and sends again from where it is asked to."""
    client = room.connect(rate_hz=rate_hz, positions=True)
    begin = -(-client.from_samples[0] * rate_hz // RATE_HZ)
    client.send(block[:, begin:], begin, 320)
    return client


@pytest.mark.parametrize("seed", range(20))
def test_the_events_are_those_of_a_call_that_nobody_killed(seed: int) -> None:
    random_ = random.Random(seed)
    first = LiveRoom(seed=seed)
    talk(first, random_.randrange(3_200, SPOKEN.shape[1]), positions=True)
    alive = first.recorder.records
    alive = alive[: len(alive) - random_.randrange(3)] if len(alive) > 6 else alive
    second = raised(alive)
    client = send_rest(second, SPOKEN)
    client.hang_up()
    assert second.end_code == "hangup"
    assert by_channel(joined(alive, second.recorder.records)) == WHOLE
    in_order(second.recorder.events)


@pytest.mark.parametrize("seed", range(6))
def test_it_may_die_again_and_again(seed: int) -> None:
    random_ = random.Random(seed)
    room = LiveRoom(seed=seed)
    until = random_.randrange(30_000, 60_000)
    talk(room, until, positions=True)
    lives: list[Records] = [room.recorder.records]
    while until < SPOKEN.shape[1]:
        room = raised([one for records in lives for one in records])
        client = room.connect(positions=True)
        begin = min(client.from_samples)
        until = min(SPOKEN.shape[1], until + random_.randrange(1, 60_000))
        client.send(SPOKEN[:, begin:until], begin, 320)
        lives.append(room.recorder.records)
    client.hang_up()
    assert room.end_code == "hangup"
    assert by_channel(joined(*lives)) == WHOLE


@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
@pytest.mark.parametrize("seed", range(4))
def test_at_other_rates(rate_hz: int, seed: int) -> None:
    """The resampler's filter begins anew in what is sent again: utterances stay where they are."""
    random_ = random.Random(seed)
    uncut = LiveRoom()
    uncut.call.open_leg("ann", "cards")
    client = uncut.connect(rate_hz=rate_hz)
    client.send(SPOKEN, size=320)
    client.hang_up()
    first = LiveRoom(seed=seed)
    talk(first, random_.randrange(3_200, SPOKEN.shape[1]), positions=True, rate_hz=rate_hz)
    second = raised(first.recorder.records)
    send_rest(second, SPOKEN, rate_hz).hang_up()
    assert second.end_code == "hangup"
    found = {event.id: event for event in [*second.recorder.events, *first.recorder.events]}
    assert set(found) == {event.id for event in uncut.recorder.events}


@pytest.mark.parametrize("apart", [True, False])
def test_without_positions_what_comes_is_new(apart: bool) -> None:
    """A client that cannot say where its audio belongs goes on with what is said now."""
    first = LiveRoom(seed=3)
    talk(first, 150_000)
    alive = list(first.recorder.records)
    second = raised(alive)
    heard = [second.call._shell.session.heard(channel) for channel in range(2)]
    wanted = [second.call._shell.refill_from(channel) for channel in range(2)]
    assert wanted[0] < heard[0] == heard[1]
    # On the same grid of windows as before.
    new = 200_000 + (heard[0] - 200_000) % VAD_WINDOW_SAMPLES
    streams = [(0,), (1,)] if apart else [(0, 1)]
    clients = [second.connect(carries=carries) for carries in streams]
    for carries, client in zip(streams, clients, strict=True):
        assert client.from_samples == [heard[channel] for channel in carries]
        client.send(SPOKEN[list(carries), new:], size=320)
    for client in clients:
        client.hang_up()
    assert second.end_code == "hangup"
    closed = second.recorder.events[-1]
    assert isinstance(closed, CallClosed)
    moved = heard[0] - new
    assert closed.duration_samples == SPOKEN.shape[1] + moved
    gaps = {(gap.channel, gap.start_samples, gap.end_samples, gap.reason) for gap in second.recorder.gaps}
    assert gaps == {(one, wanted[one], heard[one], "lost") for one in range(2) if wanted[one] < heard[one]}
    later = [final for final in second.recorder.finals if final.start_samples > heard[0] + RATE_HZ]
    expected = {
        (event.channel, event.start_samples + moved, event.words[0].text)
        for events in WHOLE.values()
        for event in events
        if isinstance(event, UtteranceFinal) and event.start_samples > new + RATE_HZ
    }
    assert {(final.channel, final.start_samples, final.words[0].text) for final in later} == expected


def test_a_client_that_does_not_come_back_leaves_what_was_final() -> None:
    first = LiveRoom(seed=2)
    talk(first, 200_000)
    alive = list(first.recorder.records)
    second = raised(alive)
    second.pass_s(14.0)
    assert not second.call.done.done()
    second.pass_s(2.0)
    assert second.end_code == "interrupted"
    events = joined(alive, second.recorder.records)
    in_order(events)
    assert [event for event in events if isinstance(event, UtteranceFinal)][: len(first.recorder.finals)]
    for channel in range(2):
        finals = [event for event in by_channel(events)[channel] if isinstance(event, UtteranceFinal)]
        assert (
            finals == [event for event in WHOLE[channel] if isinstance(event, UtteranceFinal)][: len(finals)]
        )


def test_what_nobody_sends_again_is_lost_and_said_so() -> None:
    """The client comes back with what it says now, and has not kept what it said before."""
    first = LiveRoom(seed=2)
    talk(first, 200_000)
    waiting = [job for job in first.call._shell.session.resume(0.0) if job.id.startswith("t")]
    alive = list(first.recorder.records)
    known = {one.job_id for one in alive if isinstance(one, Result)}
    second = raised(alive)
    client = second.connect(positions=True)
    client.send(SPOKEN[:, 240_000:], 240_000, 320)
    client.hang_up()
    assert second.end_code == "hangup"
    lost = [event for event in second.recorder.events if isinstance(event, UtteranceLost)]
    gaps = [event for event in second.recorder.events if isinstance(event, AudioGap)]
    assert {job.id for job in waiting if job.id not in known} <= {
        f"t{event.channel}-{event.start_samples}-{event.end_samples}" for event in lost
    }
    assert [event.end_samples for event in gaps] == [240_000, 240_000]
    whole = [event for channel in range(2) for event in WHOLE[channel] if isinstance(event, UtteranceFinal)]
    assert (
        sorted(map(without_numbers, second.recorder.finals))[-4:] == sorted(map(without_numbers, whole))[-4:]
    )


def without_numbers(final: UtteranceFinal) -> tuple[int, str, str]:
    """When an utterance began, and its words; what was lost before it took some of the masks' numbers."""
    words = " ".join(word.text for word in final.words)
    return final.start_samples, final.id, re.sub(r"\[NUMBER_\d+\]", "[NUMBER]", words)


def test_it_dies_after_hang_up() -> None:
    """Whatever of the end was recorded, the rest follows, and the end is the client's own."""
    first = LiveRoom(seed=5)
    client = talk(first, SPOKEN.shape[1])
    before = len(first.recorder.records)
    client.hang_up()
    assert first.end_code == "hangup"
    records = first.recorder.records
    closed = next(at for at, one in enumerate(records) if isinstance(one, CallClosed))
    assert closed > before + 3
    for end in range(before, closed):
        second = raised(records[:end])
        late = second.connect(positions=True)
        if late.stream is not None:
            # It died before it had recorded that the client hung up, and has to be told again.
            late.send(SPOKEN[:, late.from_samples[0] :], late.from_samples[0])
            late.hang_up()
        second.pass_s(200.0)
        assert second.end_code == "hangup"
        events = joined(records[:end], second.recorder.records)
        in_order(events)
        assert by_channel(events) == WHOLE or [one for one in events if isinstance(one, UtteranceLost)]


def test_results_that_are_known_are_not_computed_again() -> None:
    first = LiveRoom(seed=7)
    talk(first, SPOKEN.shape[1] - 20_000)
    first.settle()
    alive = list(first.recorder.records)
    early = next(one for one in alive if isinstance(one, bytes))
    events = [one for one in alive if isinstance(one, DurableEvent)]
    known = {one.job_id: one.value for one in alive if isinstance(one, Result)}
    room = LiveRoom(LIVE)
    session, state = restored(early, events)
    room.begin(session, known, state=state).resume()
    send_rest(room, SPOKEN).hang_up()
    assert room.end_code == "hangup"
    assert by_channel([*room.recorder.events]) == WHOLE
    assert isinstance(room.transcriber, NotingTranscriber)
    read = len(room.transcriber.lengths)
    fresh = LiveRoom(LIVE)
    fresh.call.open_leg("ann", "cards")
    client = fresh.connect()
    client.send(SPOKEN, size=320)
    client.hang_up()
    assert isinstance(fresh.transcriber, NotingTranscriber)
    assert len(fresh.transcriber.lengths) - read >= len(known) > 5


def test_an_early_reading_that_failed_is_no_fact() -> None:
    class Unlucky(NotingTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            heard = super().transcribe(clips, decoding)
            if len(self.lengths) == 1:
                raise EngineError("not this time")
            return heard

    room = LiveRoom(SessionSettings(1, early=True), transcriber=Unlucky())
    client = room.connect()
    client.play(np.full((1, RATE_HZ), 0.3, np.float32))
    client.play(np.zeros((1, RATE_HZ), np.float32))
    assert len(room.recorder.finals) == 1
    results = [one for one in room.recorder.records if isinstance(one, Result)]
    assert [type(one.value) for one in results] == [Transcription]


def test_a_failed_final_is_a_fact() -> None:
    class Broken(NotingTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            raise EngineError("never")

    room = LiveRoom(SessionSettings(1, early=True), transcriber=Broken())
    client = room.connect()
    client.play(np.full((1, RATE_HZ), 0.3, np.float32))
    client.play(np.zeros((1, RATE_HZ), np.float32))
    assert [type(one) for one in room.recorder.records if isinstance(one, Result | UtteranceLost)] == [
        Result,
        UtteranceLost,
    ]
    assert isinstance(room.recorder.of(Result)[0].value, Failure)


def test_legs_are_counted_on() -> None:
    first = LiveRoom()
    first.call.open_leg("ann", "cards")
    first.settle()
    client = first.connect()
    client.send(SPOKEN[:, :1_600])
    client.say("update", associate="bob")
    second = raised(first.recorder.records)
    again = second.connect(associate="bob")
    again.say("update", associate="bob")
    again.say("update", associate="eve")
    again.hang_up()
    assert second.end_code == "hangup"
    legs = [event for event in second.recorder.events if isinstance(event, LegStarted)]
    assert [(leg.number, leg.associate) for leg in legs] == [(3, "eve")]


def test_a_mono_call_whose_beginning_is_gone_is_not_told_apart() -> None:
    """Turns are of the whole call, and the diarizer's audio died with it."""
    mono = SessionSettings(1, diarize=True)
    first = LiveRoom(mono, diarizer=HalvesDiarizer())
    first.call.open_leg(None, None)
    first.settle()
    client = first.connect()
    client.send(SPOKEN[:1, :200_000])
    second = LiveRoom(mono, diarizer=HalvesDiarizer())
    second.call._shell.close()
    snapshots = [one for one in first.recorder.records if isinstance(one, bytes)]
    second.raised(snapshots[-1], first.recorder.events)
    again = second.connect()
    (begin,) = again.from_samples
    again.send(SPOKEN[:1, begin:])
    again.hang_up()
    second.settle()
    first.call._shell.close()
    assert second.end_code == "hangup"
    assert not [event for event in second.recorder.events if isinstance(event, TurnsFound | SpeakerRevised)]

"""What must hold for any call: the same durable events however it is cut, answered or interrupted."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from models.types import Turn
from pipeline.core.events import CallClosed, DiarizeJob, DurableEvent, Failure, Job
from pipeline.core.session import Session, SessionSettings
from tests.pipeline.core.driving import Answer, Driver, Reply, answer, finals

STEREO = SessionSettings(channels=2, roles=("agent", "customer"))
LIVE = SessionSettings(channels=2, roles=("agent", "customer"), partial_ms=200, early=True)
MONO = SessionSettings(channels=1, diarize=True)
LIVE_MONO = SessionSettings(channels=1, diarize=True, partial_ms=200, label_ms=300, early=True)

stretch = st.tuples(st.sampled_from([0.0, 0.0, 0.4, 0.9]), st.integers(1, 60))


def loudness(*stretches: tuple[float, int]) -> list[float]:
    """Voice scores of one channel, from stretches of windows with the same score."""
    return list(itertools.chain.from_iterable([score] * length for score, length in stretches))


channel = st.lists(stretch, max_size=12).map(lambda stretches: loudness(*stretches))
seeds = st.integers(0, 2**32)


def plain(call: SessionSettings, channels: list[list[float]]) -> Driver:
    """Whole channels at once, results as they are asked for."""
    driven = Driver(Session(call))
    for index, scores in enumerate(channels):
        driven.hear(index, scores)
    driven.end()
    driven.reply_all()
    return driven


def pieces(channels: list[list[float]], random_: random.Random) -> list[tuple[int, list[float]]]:
    """The channels cut into pieces of any size, in turns of any order."""
    left = {index: scores for index, scores in enumerate(channels) if scores}
    cut = []
    while left:
        index = random_.choice(sorted(left))
        size = random_.choice([1, 2, 13, 100])
        cut.append((index, left[index][:size]))
        left[index] = left[index][size:]
        if not left[index]:
            del left[index]
    return cut


def any_order(driven: Driver, random_: random.Random) -> None:
    """Answer waiting jobs in any order until none is left."""
    while driven.jobs:
        driven.reply(random_.choice(driven.jobs))


def random_labels(random_: random.Random) -> Answer:
    """Any turns, no turns or a failure for who spoke so far; all else as `answer` has it."""

    def reply(job: Job) -> Reply:
        if not isinstance(job, DiarizeJob) or job.whole:
            return answer(job)
        if random_.random() < 0.2:
            return Failure("no time")
        cuts = sorted({0, job.end_samples, *(random_.randrange(job.end_samples) for _ in range(3))})
        turns = [
            Turn(start, end, random_.choice(["S1", "S2", "S3"])) for start, end in itertools.pairwise(cuts)
        ]
        return tuple(turn for turn in turns if random_.random() < 0.8)

    return reply


def same(one: Driver, other: Driver) -> None:
    assert one.by_channel() == other.by_channel()
    assert isinstance(one.events[-1], CallClosed)
    assert isinstance(other.events[-1], CallClosed)


@settings(max_examples=150)
@given(one=channel, other=channel, seed=seeds)
def test_stereo_events_depend_on_neither_cut_nor_order(
    one: list[float], other: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE))
    for index, scores in pieces([one, other], random_):
        driven.hear(index, scores)
        if driven.jobs and random_.random() < 0.3:
            driven.reply(random_.choice(driven.jobs))
    driven.end()
    any_order(driven, random_)
    same(driven, plain(STEREO, [one, other]))


@settings(max_examples=150)
@given(one=channel, seed=seeds)
def test_mono_events_depend_on_neither_cut_nor_order_nor_on_labels_during_the_call(
    one: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE_MONO), random_labels(random_))
    for _, scores in pieces([one], random_):
        driven.hear(0, scores)
        if driven.jobs and random_.random() < 0.5:
            driven.reply(random_.choice(driven.jobs))
    driven.end()
    any_order(driven, random_)
    same(driven, plain(MONO, [one]))
    known = {event.id for event in finals(driven)}
    assert {event.utterance_id for event in driven.labels} <= known


def test_utterances_that_are_decided_together_are_all_waited_for() -> None:
    """The first was read before its end; what the other channel's mask was is not to be told without the
    second."""
    one = loudness((0.0, 15), (0.9, 10), (0.4, 45), (0.0, 19), (0.9, 16), (0.0, 38), (0.9, 38))
    other = loudness((0.0, 48), (0.9, 6), (0.0, 67), (0.9, 3), (0.0, 146))
    driven = Driver(Session(LIVE))
    driven.hear(1, other)
    driven.reply_all()
    driven.hear(0, one[:80])
    driven.reply_all()
    driven.hear(0, one[80:])
    driven.end()
    driven.reply_all()
    assert len(driven.by_channel()["spans"]) == 3
    same(driven, plain(STEREO, [one, other]))


@settings(max_examples=100)
@given(one=channel, other=channel, seed=seeds)
def test_a_restored_session_goes_on_to_the_same_events(
    one: list[float], other: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE))
    for index, scores in pieces([one, other], random_):
        driven.hear(index, scores)
        if driven.jobs and random_.random() < 0.3:
            driven.reply(random_.choice(driven.jobs))
        if random_.random() < 0.3:
            driven.crash()
    driven.end()
    driven.crash()
    while driven.jobs:
        driven.reply(random_.choice(driven.jobs))
        driven.crash()
    same(driven, plain(STEREO, [one, other]))


@settings(max_examples=50)
@given(one=channel, seed=seeds)
def test_a_restored_mono_session_asks_for_its_turns_again(one: list[float], seed: int) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE_MONO), random_labels(random_))
    for _, scores in pieces([one], random_):
        driven.hear(0, scores)
        if driven.jobs and random_.random() < 0.3:
            driven.reply(random_.choice(driven.jobs))
        if random_.random() < 0.2:
            driven.crash()
    driven.end()
    driven.crash()
    while driven.jobs:
        driven.reply(random_.choice(driven.jobs))
        driven.crash()
    same(driven, plain(MONO, [one]))


@settings(max_examples=60)
@given(one=channel, seed=seeds)
def test_any_lost_result_ends_at_its_deadline_and_the_call_closes(one: list[float], seed: int) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(MONO))
    driven.hear(0, one)
    driven.end()
    for _ in range(len(one) + 10):
        if driven.session.closed:
            break
        if driven.jobs and random_.random() < 0.5:
            driven.reply(driven.jobs[0])
        elif driven.session.wake_at_s is not None:
            driven.take(driven.session.advance(driven.session.wake_at_s))
    assert driven.session.closed
    assert [event for event in driven.events if isinstance(event, CallClosed)] == [driven.events[-1]]
    ids = [event.id for event in driven.events]
    assert len(ids) == len(set(ids))
    _in_order(driven.by_channel().get(0, []))


def _in_order(events: list[DurableEvent]) -> None:
    starts = [event.start_samples for event in events if hasattr(event, "start_samples")]
    assert starts == sorted(starts)

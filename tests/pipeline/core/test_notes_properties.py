"""What must hold of notes on any call, beside what holds of its other events."""

from __future__ import annotations

import random

from hypothesis import given, settings

from pipeline.core.events import CallClosed, Failure, Job, SummarizeJob
from pipeline.core.session import Session, SessionSettings
from tests.pipeline.core.driving import Answer, Driver, Reply
from tests.pipeline.core.noting import (
    LIVE,
    LIVE_MONO,
    MONO,
    STEREO_STANDS_IN,
    asked,
    chunks,
    drafts,
    noted,
    without_chunks,
)
from tests.pipeline.core.test_session_properties import any_order, channel, pieces, random_labels, same, seeds


def plain(call: SessionSettings, channels: list[list[float]]) -> Driver:
    """Whole channels at once, results as they are asked for."""
    driven = Driver(Session(call), noted)
    for index, scores in enumerate(channels):
        driven.hear(index, scores)
    driven.end()
    driven.reply_all()
    return driven


def labelled(random_: random.Random) -> Answer:
    """Any labels while the call goes on, and notes that tell what they were made of."""
    labels = random_labels(random_)
    return lambda job: noted(job) if isinstance(job, SummarizeJob) else labels(job)


def bit_by_bit(driven: Driver, channels: list[list[float]], random_: random.Random, crash: float) -> None:
    """Hear the channels in pieces and answer now and then, in any order."""
    for index, scores in pieces(channels, random_):
        driven.hear(index, scores)
        while driven.jobs and random_.random() < 0.5:
            driven.reply(random_.choice(driven.jobs))
        if random_.random() < crash:
            driven.crash()
    driven.end()
    if crash:
        driven.crash()
    while driven.jobs:
        driven.reply(random_.choice(driven.jobs))
        if random_.random() < crash:
            driven.crash()


@settings(max_examples=150)
@given(one=channel, other=channel, seed=seeds)
def test_notes_of_chunks_depend_on_neither_cut_nor_order(
    one: list[float], other: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE), noted)
    bit_by_bit(driven, [one, other], random_, crash=0.0)
    any_order(driven, random_)
    same(driven, plain(STEREO_STANDS_IN, [one, other]))
    assert [event.number for event in chunks(driven)] == list(range(1, len(chunks(driven)) + 1))


@settings(max_examples=100)
@given(one=channel, other=channel, seed=seeds)
def test_a_restored_session_goes_on_to_the_same_notes(
    one: list[float], other: list[float], seed: int
) -> None:
    driven = Driver(Session(LIVE), noted)
    bit_by_bit(driven, [one, other], random.Random(seed), crash=0.3)
    same(driven, plain(STEREO_STANDS_IN, [one, other]))


@settings(max_examples=150)
@given(one=channel, seed=seeds)
def test_the_draft_of_a_mono_call_does_not_depend_on_labels_during_the_call(
    one: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    driven = Driver(Session(LIVE_MONO), labelled(random_))
    bit_by_bit(driven, [one], random_, crash=0.1 * (seed % 2))
    other = plain(MONO, [one])
    assert without_chunks(driven.events) == without_chunks(other.events)
    # The newest note of each chunk is of the speakers as they are known in the end.
    newest = {event.number: event.summary for event in chunks(driven)}
    assert newest == {event.number: event.summary for event in chunks(other)}


@settings(max_examples=100)
@given(one=channel, other=channel, seed=seeds)
def test_whatever_is_lost_the_call_closes_and_no_line_is_lost_to_the_draft(
    one: list[float], other: list[float], seed: int
) -> None:
    random_ = random.Random(seed)
    requests: list[SummarizeJob] = []

    def failing(job: Job) -> Reply:
        if isinstance(job, SummarizeJob):
            requests.append(job)
            if random_.random() < 0.4:
                return Failure("boom")
        return noted(job)

    mono = seed % 3 == 0
    driven = Driver(Session(LIVE_MONO if mono else LIVE), failing)
    for index, scores in pieces([one] if mono else [one, other], random_):
        driven.hear(index, scores)
        if driven.jobs and random_.random() < 0.3:
            driven.reply(random_.choice(driven.jobs))
    driven.end()
    for _ in range(len(one) + len(other) + 20):
        if driven.session.closed:
            break
        requests += [job for job in asked(driven) if job not in requests]
        if driven.jobs and random_.random() < 0.5:
            driven.reply(random_.choice(driven.jobs))
        elif driven.session.wake_at_s is not None:
            wake_at_s = driven.session.wake_at_s
            driven.take(driven.session.advance(wake_at_s))
    assert driven.session.closed
    assert [event for event in driven.events if isinstance(event, CallClosed)] == [driven.events[-1]]
    assert [event.revision for event in drafts(driven)] == list(range(1, len(drafts(driven)) + 1))
    ids = [event.id for event in driven.events]
    assert len(ids) == len(set(ids))
    _nothing_is_lost(driven, [job for job in requests if job.request.purpose == "draft"])


def _nothing_is_lost(driven: Driver, jobs: list[SummarizeJob]) -> None:
    """Each line is in the draft's request, or in a chunk that is noted there."""
    newest = {event.number: event for event in chunks(driven)}
    for job in jobs:
        told = [newest[one.number] for one in job.request.earlier]
        spans = [(event.start_samples, event.end_samples) for event in told]
        given = {line.id for line in job.request.lines}
        for line in _all_lines(driven):
            start = int(line.partition("-")[2])
            noted_there = any(first <= start < end for first, end in spans)
            assert (line in given) != noted_there


def _all_lines(driven: Driver) -> list[str]:
    return [line.id for line in driven.session._state.lines]

"""A mono call's diarizer on its own thread: what is asked is answered in order, and nothing waits for it."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np
import pytest

from models.fakes import ScriptedDiarizer
from models.types import Turn
from pipeline.core.events import Failure, Result
from pipeline.lanes import BEHIND_BLOCKS, NO_TIME, DiarizerLane
from tests.pipeline.engines import BrokenDiarizer, HalvesDiarizer, StuckDiarizer

BLOCK = np.zeros(100, np.float32)
WAIT_S = 60.0


@pytest.fixture
def results() -> queue.Queue[Result]:
    return queue.Queue()


@pytest.fixture
def stuck() -> Iterator[StuckDiarizer]:
    diarizer = StuckDiarizer()
    yield diarizer
    diarizer.release.set()


def test_questions_are_answered_in_order_with_the_audio(results: queue.Queue[Result]) -> None:
    lane = DiarizerLane(HalvesDiarizer(), results.put)
    for blocks in (2, 4):
        lane.push(BLOCK)
        lane.push(BLOCK)
        lane.ask(f"d-{blocks * 100}")
        half = blocks * 50
        turns = (Turn(0, half, "S1"), Turn(half, 2 * half, "S2"))
        assert results.get(timeout=WAIT_S) == Result(f"d-{blocks * 100}", turns)
    lane.finish("diarize")
    assert results.get(timeout=WAIT_S) == Result("diarize", (Turn(0, 200, "S1"), Turn(200, 400, "S2")))
    lane.close()


def test_one_question_waits_at_a_time(results: queue.Queue[Result], stuck: StuckDiarizer) -> None:
    lane = DiarizerLane(stuck, results.put)
    lane.push(BLOCK)
    lane.ask("d-1")
    lane.ask("d-2")
    assert results.get_nowait() == Result("d-2", NO_TIME)
    stuck.release.set()
    assert results.get(timeout=WAIT_S) == Result("d-1", (Turn(0, 50, "S1"), Turn(50, 100, "S2")))
    lane.ask("d-3")
    assert results.get(timeout=WAIT_S).job_id == "d-3"
    lane.close()


def test_a_diarizer_that_is_behind_is_not_asked(results: queue.Queue[Result], stuck: StuckDiarizer) -> None:
    lane = DiarizerLane(stuck, results.put, waiting_blocks=2 * BEHIND_BLOCKS)
    lane.push(BLOCK)
    assert stuck.stuck.wait(WAIT_S)
    for _ in range(BEHIND_BLOCKS):
        lane.push(BLOCK)
    lane.ask("d-1")
    assert results.get_nowait() == Result("d-1", NO_TIME)
    stuck.release.set()
    lane.close()


def test_a_full_inbox_takes_no_question_and_a_later_one_is_answered(
    results: queue.Queue[Result], stuck: StuckDiarizer
) -> None:
    lane = DiarizerLane(stuck, results.put, waiting_blocks=1)
    lane.push(BLOCK)
    assert stuck.stuck.wait(WAIT_S)
    lane.push(BLOCK)
    lane.ask("d-1")
    assert results.get_nowait() == Result("d-1", NO_TIME)
    stuck.release.set()
    lane.push(BLOCK)
    lane.push(BLOCK)
    lane.finish("diarize")
    assert results.get(timeout=WAIT_S).job_id == "diarize"
    lane.ask("d-2")
    assert results.get(timeout=WAIT_S) == Result("d-2", NO_TIME)
    lane.close()


def test_after_the_end_of_the_call_no_time_goes_into_labels_of_the_call_so_far(
    results: queue.Queue[Result], stuck: StuckDiarizer
) -> None:
    lane = DiarizerLane(stuck, results.put)
    lane.push(BLOCK)
    lane.ask("d-1")
    lane.finish("diarize")
    stuck.release.set()
    assert results.get(timeout=WAIT_S) == Result("d-1", NO_TIME)
    assert results.get(timeout=WAIT_S).job_id == "diarize"
    lane.close()


def test_an_engine_that_is_not_online_is_not_asked(results: queue.Queue[Result]) -> None:
    lane = DiarizerLane(ScriptedDiarizer([Turn(0, 50, "S1")], online=False), results.put)
    lane.push(BLOCK)
    lane.ask("d-100")
    assert results.get_nowait() == Result("d-100", NO_TIME)
    lane.finish("diarize")
    assert results.get(timeout=WAIT_S) == Result("diarize", (Turn(0, 50, "S1"),))
    lane.close()


def test_a_diarizer_that_cannot_start_says_so(results: queue.Queue[Result]) -> None:
    lane = DiarizerLane(BrokenDiarizer(), results.put)
    lane.push(BLOCK)
    lane.ask("d-100")
    assert results.get(timeout=WAIT_S) == Result("d-100", Failure("EngineError"))
    lane.close()

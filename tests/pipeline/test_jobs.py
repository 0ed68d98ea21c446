"""The queue: ranks, moving up, dropping, batches."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.core.events import Result, SummarizeJob, TranscribeJob, TranscribeKind
from pipeline.jobs import RANKS, SWEEP_FROM, JobQueue, Kind, Task


def deaf(_: Result) -> None:
    raise AssertionError("the queue delivers nothing")


def task(name: str, kind: Kind = "final", draft: tuple[int, ...] = ()) -> Task:
    if kind == "note":
        return Task(SummarizeJob(name, (), 9e9), None, deaf, "note")
    job = TranscribeJob(name, 0, 0, 160, "final" if kind == "file" else kind, 9e9, draft)
    return Task(job, np.zeros(160, np.float32), deaf, kind)


def queue_of(*tasks: Task) -> JobQueue:
    queue = JobQueue()
    for one in tasks:
        queue.put(one)
    return queue


def names(tasks: list[Task]) -> list[str]:
    return [one.job.id for one in tasks]


def drained(queue: JobQueue, limit: int = 1) -> list[list[str]]:
    batches = []
    while batch := queue.take(limit):
        batches.append(names(batch))
    return batches


def test_an_empty_queue_gives_nothing() -> None:
    queue = JobQueue()
    assert queue.take(4) == []
    assert len(queue) == 0


def test_ranks_first_then_arrival() -> None:
    queue = queue_of(
        task("file", "file"),
        task("p", "partial"),
        task("n", "note"),
        task("e", "early"),
        task("f1"),
        task("f2"),
        task("e2", "early"),
    )
    assert queue.waiting() == {"final": 2, "early": 2, "note": 1, "chunk": 0, "partial": 1, "file": 1}
    assert queue.next_kind() == "final"
    assert drained(queue) == [["f1"], ["f2"], ["e"], ["e2"], ["n"], ["p"], ["file"]]
    assert queue.waiting() == dict.fromkeys(RANKS, 0)
    assert queue.next_kind() is None


def test_an_early_reading_moves_up_when_it_becomes_the_final() -> None:
    early = task("e", "early")
    queue = queue_of(task("e0", "early"), early, task("f"))
    queue.promote(early, "final")
    assert queue.waiting()["final"] == 2
    assert drained(queue) == [["f"], ["e"], ["e0"]]


def test_nothing_moves_down() -> None:
    final = task("f")
    queue = queue_of(final)
    queue.promote(final, "early")
    assert final.kind == "final"
    assert drained(queue) == [["f"]]


def test_a_task_that_runs_takes_its_new_kind_along() -> None:
    early = task("e", "early")
    queue = queue_of(early)
    queue.take(1)
    queue.promote(early, "final")
    assert early.kind == "final"
    assert len(queue) == 0
    assert queue.take(1) == []


def test_a_dropped_task_goes_with_its_audio() -> None:
    first, second = task("a"), task("b")
    queue = queue_of(first, second)
    queue.drop(first)
    assert (first.wanted, first.waiting, first.audio) == (False, False, None)
    assert drained(queue) == [["b"]]


def test_a_task_that_runs_is_told_and_keeps_its_audio() -> None:
    first = task("a")
    queue = queue_of(first)
    queue.take(1)
    queue.drop(first)
    assert not first.wanted
    assert first.audio is not None
    assert len(queue) == 0


def test_a_promoted_task_can_be_dropped() -> None:
    early = task("e", "early")
    queue = queue_of(early, task("f"))
    queue.promote(early, "final")
    queue.drop(early)
    assert drained(queue) == [["f"]]


def test_tasks_of_a_kind_share_a_batch() -> None:
    queue = queue_of(task("p", "partial"), *(task(f"f{i}") for i in range(5)), task("e", "early"))
    assert drained(queue, 3) == [["f0", "f1", "f2"], ["f3", "f4"], ["e"], ["p"]]


def test_notes_and_drafts_come_singly() -> None:
    queue = queue_of(
        task("n1", "note"),
        task("n2", "note"),
        task("p1", "partial"),
        task("p2", "partial", (1, 2)),
        task("p3", "partial", (1,)),
        task("p4", "partial"),
    )
    assert drained(queue, 8) == [["n1"], ["n2"], ["p1"], ["p2"], ["p3"], ["p4"]]


def test_what_was_dropped_far_behind_does_not_pile_up() -> None:
    queue = queue_of(task("f"))
    for number in range(10 * SWEEP_FROM):
        replaced = task(f"p{number}", "partial")
        queue.put(replaced)
        queue.drop(replaced)
    assert len(queue) == 1
    assert len(queue._heap) <= SWEEP_FROM + 3


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, the queue gives each wanted task once, by rank and arrival."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = JobQueue()
        self.model: list[Task] = []
        self.count = 0

    @rule(kind=st.sampled_from(list(RANKS)))
    def put(self, kind: Kind) -> None:
        self.count += 1
        self.model.append(task(f"{self.count}", kind))
        self.queue.put(self.model[-1])

    @rule(kind=st.sampled_from(["final", "early", "partial"]), data=st.data())
    def promote(self, kind: TranscribeKind, data: st.DataObject) -> None:
        if self.model:
            chosen = data.draw(st.sampled_from(self.model))
            moves = RANKS[kind] < RANKS[chosen.kind]
            self.queue.promote(chosen, kind)
            if moves:
                self.model.remove(chosen)
                self.model.append(chosen)

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        if self.model:
            chosen = data.draw(st.sampled_from(self.model))
            self.queue.drop(chosen)
            self.model.remove(chosen)

    @rule(limit=st.integers(1, 4))
    def take(self, limit: int) -> None:
        batch = self.queue.take(limit)
        self.model.sort(key=lambda one: RANKS[one.kind])
        assert batch == self.model[: len(batch)]
        assert bool(batch) == bool(self.model)
        assert len({one.kind for one in batch}) <= 1
        assert len(batch) <= limit
        del self.model[: len(batch)]

    @invariant()
    def counts(self) -> None:
        assert len(self.queue) == len(self.model)
        for kind, waiting in self.queue.waiting().items():
            assert waiting == sum(one.kind == kind for one in self.model)


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestAnyOrder = AnyOrder.TestCase

"""Refused rather than late."""

from __future__ import annotations

import pytest

from pipeline.live.admission import RETRY_S, Admission, AdmissionSettings
from pipeline.load import LatencyWindow, LoadMeter
from tests.pipeline.clock import VirtualClock


class Machine:
    """A machine whose load a test sets."""

    def __init__(self, settings: AdmissionSettings) -> None:
        self.clock = VirtualClock()
        self.latency = LatencyWindow(self.clock)
        self.load = 0.0
        self.admission = Admission(settings, self.latency, lambda: self.load, self.clock)

    def why(self, calls: int = 0) -> str | None:
        refusal = self.admission.judge(calls)
        assert refusal is None or refusal.retry_s == RETRY_S
        return None if refusal is None else refusal.reason


@pytest.fixture
def machine() -> Machine:
    return Machine(AdmissionSettings())


def test_an_idle_machine_takes_any_number_of_calls(machine: Machine) -> None:
    assert machine.why(1_000) is None


def test_calls_can_be_limited() -> None:
    machine = Machine(AdmissionSettings(calls=2))
    assert machine.why(1) is None
    assert machine.why(2) == "2 calls are in progress, which is all that is configured"


def test_late_texts_keep_new_calls_out_until_they_are_in_time_again(machine: Machine) -> None:
    machine.latency.observe(1.0)
    assert machine.why() is None
    machine.latency.observe(1.2)
    assert machine.why() == "texts are 1.2 s late; calls in progress come first"
    machine.clock.pass_s(11.0)
    assert machine.why() is None


def test_busy_engines_keep_new_calls_out(machine: Machine) -> None:
    machine.load = 0.85
    assert machine.why() is None
    machine.load = 1.4
    assert machine.why() == "the engines are 100% busy; calls in progress come first"


def test_calls_that_are_not_yet_felt_come_in_small_numbers(machine: Machine) -> None:
    machine.load = 0.5
    for _ in range(8):
        assert machine.why() is None
        machine.admission.took()
    assert machine.why() == "many calls began just now"
    machine.clock.pass_s(3.0)
    assert machine.why() is None


def test_a_rush_on_an_idle_machine_is_let_in(machine: Machine) -> None:
    machine.load = 0.1
    for _ in range(50):
        assert machine.why() is None
        machine.admission.took()


def test_stuck_engines_keep_new_calls_out_though_nothing_comes() -> None:
    clock = VirtualClock()
    meter, ages = LoadMeter(1, clock), [0.0]
    latency = LatencyWindow(clock, under_way=lambda: ages)
    admission = Admission(AdmissionSettings(), latency, meter.load, clock)
    meter.begin()
    assert admission.judge(50) is None
    clock.pass_s(2.0)
    ages[0] = 2.0
    late = admission.judge(50)
    assert late is not None
    assert late.reason == "texts are 2.0 s late; calls in progress come first"
    clock.pass_s(18.0)
    ages.clear()
    busy = admission.judge(50)
    assert busy is not None
    assert busy.reason == "the engines are 100% busy; calls in progress come first"

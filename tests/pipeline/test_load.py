"""Load and latency, on a clock of the test's own."""

from __future__ import annotations

import threading

import pytest

from pipeline.load import LatencyWindow, LoadMeter
from tests.pipeline.clock import VirtualClock


def test_threads_that_never_rest_are_a_full_load() -> None:
    clock = VirtualClock()
    meter = LoadMeter(2, clock)
    for _ in range(300):
        clock.pass_s(0.1)
        meter.worked(0.1)
        meter.worked(0.1)
    assert meter.load() == pytest.approx(1.0, abs=0.03)


def test_one_busy_thread_of_two_is_half_a_load() -> None:
    clock = VirtualClock()
    meter = LoadMeter(2, clock)
    for _ in range(300):
        clock.pass_s(0.1)
        meter.worked(0.1)
    assert meter.load() == pytest.approx(0.5, abs=0.03)


def test_load_fades_when_nothing_is_done() -> None:
    clock = VirtualClock()
    meter = LoadMeter(1, clock, memory_s=2.0)
    meter.worked(2.0)
    assert meter.load() == pytest.approx(1.0)
    clock.pass_s(2.0)
    assert meter.load() == pytest.approx(0.3679, abs=1e-4)
    clock.pass_s(100.0)
    assert meter.load() < 1e-9


def test_work_of_several_threads_adds_up() -> None:
    meter = LoadMeter(1, VirtualClock(), memory_s=1.0)
    threads = [threading.Thread(target=lambda: [meter.worked(0.001) for _ in range(1_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.load() == pytest.approx(4.0)


def test_the_95th_percentile_is_by_nearest_rank() -> None:
    window = LatencyWindow(VirtualClock())
    assert window.p95_s() is None
    window.observe(0.5)
    assert window.p95_s() == 0.5
    for number in range(1, 100):
        window.observe(float(number))
    assert window.p95_s() == 94.0


def test_latencies_are_forgotten_after_the_window() -> None:
    clock = VirtualClock()
    window = LatencyWindow(clock, window_s=10.0)
    window.observe(9.0)
    clock.pass_s(6.0)
    window.observe(1.0)
    assert window.p95_s() == 9.0
    clock.pass_s(4.5)
    assert window.p95_s() == 1.0
    clock.pass_s(6.0)
    assert window.p95_s() is None

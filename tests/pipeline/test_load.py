"""Load and latency, on a clock of the test's own."""

from __future__ import annotations

import threading

import pytest

from pipeline.load import LatencyWindow, LoadMeter
from tests.pipeline.clock import VirtualClock


def work(meter: LoadMeter, clock: VirtualClock, seconds: float) -> None:
    """One thread works, and time passes."""
    meter.begin()
    clock.pass_s(seconds)
    assert meter.end() == pytest.approx(seconds)


def test_a_thread_that_never_rests_is_a_full_load_however_long_its_work() -> None:
    for seconds in (0.1, 3.0, 60.0):
        clock = VirtualClock()
        meter = LoadMeter(1, clock)
        for _ in range(round(60.0 / seconds)):
            work(meter, clock, seconds)
        assert meter.load() == pytest.approx(1.0)


def test_one_busy_thread_of_two_is_half_a_load() -> None:
    clock = VirtualClock()
    meter = LoadMeter(2, clock)
    for _ in range(300):
        work(meter, clock, 0.1)
    assert meter.load() == pytest.approx(0.5, abs=1e-3)


def test_load_fades_when_nothing_is_done() -> None:
    clock = VirtualClock()
    meter = LoadMeter(1, clock, memory_s=2.0)
    work(meter, clock, 2.0)
    assert meter.load() == pytest.approx(0.6321, abs=1e-4)
    clock.pass_s(2.0)
    assert meter.load() == pytest.approx(0.2325, abs=1e-4)
    clock.pass_s(100.0)
    assert meter.load() < 1e-9


def test_work_counts_while_it_goes_on_and_once() -> None:
    clock = VirtualClock()
    meter = LoadMeter(1, clock, memory_s=2.0)
    meter.begin()
    assert meter.load() == 0.0
    clock.pass_s(2.0)
    going_on = meter.load()
    assert going_on == pytest.approx(0.6321, abs=1e-4)
    clock.pass_s(18.0)
    assert meter.load() > 0.99
    before = meter.load()
    meter.end()
    assert meter.load() == pytest.approx(before)


def test_work_of_several_threads_adds_up() -> None:
    clock = VirtualClock()
    meter = LoadMeter(4, clock, memory_s=1.0)
    begun, ended = threading.Barrier(5), threading.Barrier(5)

    def one() -> None:
        meter.begin()
        begun.wait(20.0)
        ended.wait(20.0)
        meter.end()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(20.0)
    clock.pass_s(50.0)
    assert meter.load() == pytest.approx(1.0)
    ended.wait(20.0)
    for thread in threads:
        thread.join()
    assert meter.load() == pytest.approx(1.0)


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


def test_what_is_waited_for_counts_with_its_age() -> None:
    clock = VirtualClock()
    ages: list[float] = []
    window = LatencyWindow(clock, under_way=lambda: ages)
    for _ in range(36):
        window.observe(0.2)
    ages += [9.0]
    assert window.p95_s() == 0.2
    ages += [8.0, 7.0, 6.0]
    assert window.p95_s() == 7.0
    clock.pass_s(11.0)
    assert window.p95_s() == 9.0
    ages.clear()
    assert window.p95_s() is None

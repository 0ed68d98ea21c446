"""Charts of daily rates: cases by hand, steps that must be found, and days on which nothing happened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eval.stats.drift import BASELINE_DAYS, Day, Judged, cusum, draw_days, laney, plain


def steady(rates: list[float], trials: int = 100) -> list[Day]:
    return [Day(number, round(rate * trials), trials) for number, rate in enumerate(rates)]


def test_laney_by_hand() -> None:
    # Days alternate between 45 and 55 of 100: the scores are -1 and 1, every range is 2, and the unrest is
    # 2 / 1.128; the limits are 0.5 +- 3 * 0.05 * 2 / 1.128.
    days = steady([0.45, 0.55] * 14 + [0.7])
    found = laney(days)
    reach = 3 * 0.05 * 2 / 1.128
    assert found[28].low is not None and found[28].high is not None
    assert (found[28].low, found[28].high) == (pytest.approx(0.5 - reach), pytest.approx(0.5 + reach))
    assert not found[28].alarm
    assert plain(days)[28].alarm


def test_a_cusum_by_hand() -> None:
    # The unrest of days that are all alike counts as chance's: an error of 0.05. A day at 0.6 is 2 errors
    # up and adds 1.5.
    found = cusum(steady([0.5] * 35 + [0.6, 0.6, 0.45]), limit=2.0)
    assert [day.statistic for day in found[35:]] == [pytest.approx(1.5), pytest.approx(3.0), 0.0]
    assert [day.alarm for day in found[35:]] == [False, True, False]


def test_a_day_is_judged_once_its_baseline_is_long_enough() -> None:
    found = laney(steady([0.5, 0.6] * 10))
    assert [day.centre is not None for day in found] == [False] * 14 + [True] * 6
    assert all(day.centre is None for day in cusum(steady([0.5, 0.6] * 10)))


def test_days_without_calls_are_left_out_and_order_does_not_count() -> None:
    days = [*steady([0.5, 0.6] * 12), Day(24, 0, 0)]
    assert laney(days[::-1]) == laney(days)
    assert len(laney(days)) == 24


@pytest.mark.parametrize("all_alike", [0.0, 1.0])
def test_days_that_are_all_alike_alarm_nobody(all_alike: float) -> None:
    days = steady([all_alike] * 60)
    assert not any(day.alarm for chart in (laney, cusum, plain) for day in chart(days))


def test_a_bad_day_and_a_bad_week_are_found() -> None:
    days = draw_days(0.75, 2000, 2.0, 120, seed=4)
    fallen = [Day(day.day, round(day.successes * 0.8), day.trials) if day.day == 80 else day for day in days]
    assert [day.day for day in laney(fallen) if day.alarm] == [80]
    risen = draw_days(0.05, 2000, 2.0, 120, seed=4)
    raised = [Day(day.day, day.successes + 50, day.trials) if 80 <= day.day < 87 else day for day in risen]
    alarms = [day.day for day in cusum(raised) if day.alarm]
    assert alarms and 80 <= alarms[0] < 87


def test_many_calls_a_day_do_not_alarm_by_themselves() -> None:
    days = draw_days(0.75, 9000, 3.0, 400, seed=1)
    shares = {chart.__name__: sum(day.alarm for day in chart(days)) / 400 for chart in (laney, plain)}
    assert shares["laney"] < 0.02
    assert shares["plain"] > 0.25


def test_false_alarms_of_a_cusum_are_far_apart() -> None:
    runs = [
        next((d.day for d in cusum(draw_days(0.05, 2000, 1.5, 1200, seed)) if d.alarm), 1200)
        for seed in range(20)
    ]
    assert sum(runs) / len(runs) - BASELINE_DAYS > 365


def test_unrest_that_no_rate_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="unrestful"):
        draw_days(0.5, 5, 3.0, 10, seed=1)


@pytest.mark.parametrize("chart", [laney, cusum])
def test_a_change_after_days_that_were_all_alike_alarms_at_once(chart: Callable[..., list[Judged]]) -> None:
    judged = chart([Day(day, 0 if day < 40 else 20, 20) for day in range(42)])
    assert next(one.day for one in judged if one.alarm) == 40
    still = chart([Day(day, 0, 20) for day in range(42)])
    assert still[-1].centre == 0.0 and not any(one.alarm for one in still)

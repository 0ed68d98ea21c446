"""The report as a page: what it says, at the edges too, and that it needs nothing but itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from eval.pages.rendering import provenance_lines
from eval.report.page import page_of, provenance, told_alarms, verdicts
from eval.reviews.report import Wanted
from eval.stats.drift import Judged
from models.errors import ConfigError, InputError
from tests.eval.report.conftest import DAY, GROWING, Built, history
from tests.eval.reviews.examples import STARTED, review


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_first_line_is_the_result(built: Built) -> None:
    report = built(GROWING)
    assert report.headline.startswith("NMN rate 89.3 % [")
    assert report.headline.endswith("] at day 60, 24 associates, 336 notes; unread at least 0 %")
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", page_of(report), flags=re.DOTALL)
    assert report.headline in text
    assert text.index(report.headline) < text.index("Cohorts") < text.index("What it was made from")


def test_a_page_needs_nothing_but_itself(built: Built) -> None:
    page = page_of(built(GROWING, Wanted(by=("team",))))
    parsed = _Page()
    parsed.feed(page)
    assert not [tag for tag, _ in parsed.tags if tag in ("script", "link", "img", "iframe", "object", "form")]
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_every_chart_says_in_words_what_it_shows(built: Built) -> None:
    parsed = _Page()
    parsed.feed(page_of(built(GROWING)))
    charts = [attributes for tag, attributes in parsed.tags if tag == "svg"]
    assert len(charts) == 7
    assert all(chart["role"] == "img" and len(chart["aria-label"] or "") > 30 for chart in charts)
    assert [tag for tag, _ in parsed.tags].count("title") >= 1 + len(charts)


def test_the_same_reviews_give_the_same_bytes(built: Built) -> None:
    assert page_of(built(GROWING, Wanted(by=("team", "queue")))) == page_of(
        built(GROWING, Wanted(by=("team", "queue")))
    )


def test_no_reviews_is_said(built: Built) -> None:
    with pytest.raises(InputError, match="no reviews"):
        built([])


def test_one_associate_gets_a_rate_and_no_interval(built: Built) -> None:
    report = built(history(1, range(7), lambda n, day: day > 3))
    assert "[no interval: 1 associate]" in report.headline
    assert "too few associates" in page_of(report)


def test_all_unmodified(built: Built) -> None:
    report = built(history(24, [0, 30, 60], lambda n, day: False))
    assert report.headline.startswith("NMN rate 100.0 % [85.8, 100.0]")
    assert "too few days to judge" in page_of(report)


def test_all_discarded(built: Built) -> None:
    report = built(history(24, [0, 30, 60], lambda n, day: True, used=False))
    assert report.headline.startswith("NMN rate 0.0 % [0.0, 14.2]")
    assert {cohort.counts["discarded"] for cohort in report.of_panel("all")} == {48}


def test_a_window_that_nobody_reached(built: Built) -> None:
    report = built(history(24, [0, 1], lambda n, day: False))
    last = report.of_panel("all")[-1]
    assert (last.at_risk, last.counts["saved"], last.rates["nmn"].value) == (0, 0, None)
    assert "at day 0" in report.headline
    assert [rise.difference for rise in report.rises if rise.milestone == 60] == [None] * 8


def test_a_window_that_began_before_anybody_reached_its_day(built: Built) -> None:
    reviews = history(24, range(28), lambda n, day: False)
    report = built(reviews)
    assert [(one.at_risk, one.counts["saved"]) for one in report.of_panel("all")][1] == (0, 0)
    assert "at day 0" in report.headline
    assert built(reviews, Wanted(milestones=(30, 60))).headline == "NMN rate: nobody has reached these days"


def test_nothing_saved(built: Built) -> None:
    report = built([review(saved_at=None, final="")])
    assert report.headline == "NMN rate: no note was saved in any of these windows"
    assert "nothing to show" in page_of(report)


def test_calls_before_the_anchor_are_told_and_in_no_window(built: Built) -> None:
    early = history(12, [0], lambda n, day: False, first_assisted_at=STARTED + DAY)
    report = built(early)
    assert report.span.before_anchor == 24
    assert "24 legs before that day" in page_of(report)


@pytest.mark.parametrize(
    "wanted", [{"clock": "moon"}, {"by": ("mood",)}, {"milestones": (30, 0)}, {"window_days": 0}]
)
def test_what_cannot_be_reported_is_refused(wanted: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Wanted(**wanted)  # type: ignore[arg-type]


def test_falls_are_told_apart_from_rises() -> None:
    steady = [Judged(day, 100, 0.5, 0.5, 0.4, 0.6, None, False) for day in range(3)]
    moved = [Judged(3, 100, 0.3, 0.5, 0.4, 0.6, None, True), Judged(4, 100, 0.7, 0.5, 0.4, 0.6, None, True)]
    assert told_alarms([*steady, *moved]) == "1 fall (day 3) and 1 rise (day 4) on 5 days."
    assert told_alarms(steady) == "no alarm on 3 days."


def test_the_page_says_what_it_was_made_from(built: Built) -> None:
    lines = dict(provenance_lines(provenance(built(GROWING))))
    assert lines["milestones"] == "0, 30, 60; windows of 7 days"
    assert "source a test" in lines["sources"]
    assert not set("{[") & set(lines["sources"])


def test_causes_are_asked_up_to_the_last_day_that_somebody_reached(built: Built) -> None:
    report = built(history(24, range(36), lambda n, day: n % 4 > day // 12))
    assert report.attribution is not None
    assert verdicts(report)[0].startswith("From the first window to day 30 the NMN rate moved by +")
    assert verdicts(built(history(24, range(5), lambda n, day: False))) == []

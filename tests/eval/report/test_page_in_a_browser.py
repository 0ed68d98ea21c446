"""The page as people see it: at the width of a desk and of a phone, and in print."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from eval.report.page import page_of
from eval.reviews.report import Wanted
from tests.eval.report.conftest import GROWING, Built

pytestmark = pytest.mark.browser

WIDTHS = {"desk": 1280, "phone": 375}


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_fits_and_asks_for_nothing(browser: Page, built: Built, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(page_of(built(GROWING, Wanted(by=("team",)))), "utf-8")
    asked: list[str] = []
    said: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.on("console", lambda message: said.append(message.text))
    browser.set_viewport_size({"width": width, "height": 900})
    browser.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert said == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    drawn = browser.evaluate(
        "[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(drawn) == 7 and min(drawn) > 40
    assert browser.locator(".headline").bounding_box()["y"] < 200  # type: ignore[index]


def test_what_is_wider_than_a_phone_is_reached_by_the_keyboard(
    browser: Page, built: Built, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(page_of(built(GROWING)), "utf-8")
    browser.set_viewport_size({"width": 375, "height": 900})
    browser.goto(path.as_uri())
    wide = browser.locator(".scroll").first
    wide.focus()
    before = wide.evaluate("e => e.scrollLeft")
    for _ in range(5):
        browser.keyboard.press("ArrowRight")
    browser.wait_for_function("e => e.scrollLeft > 0", arg=wide.element_handle())
    assert before == 0

"""Pages of lessons, notes, edits and comparisons as people see them: the width of a desk, and of a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from typer.testing import CliRunner

from eval.cli import app
from eval.reviews.columns import ReviewWriter
from tests.conftest import ROOT
from tests.eval.lessons.test_lessons import END, MAY, habits, saved

pytestmark = pytest.mark.browser

LONG = "Outcome:\nThe reference " + "x" * 200 + " <b>will</b> be sent."


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all pages."""
    folder = tmp_path_factory.mktemp("pages")
    long = [
        saved(f"long-{who}", f"l-{who}", LONG.replace("will", "may"), draft=LONG, team="north")
        for who in range(3)
    ]
    with ReviewWriter(folder / "reviews", {"source": "a test"}) as writer:
        writer.add([*habits(MAY, 4), *long, END])
    call = ROOT / "sample_calls" / "01-overdraft-refund.json"
    reviews, run = str(folder / "reviews"), str(folder / "run.json")
    for arguments in (
        ["lessons", reviews, "--by", "section,team"],
        ["notes", str(call)],
        ["edits", reviews, "--calls", "--json", run],
        ["compare", run, run],
    ):
        result = CliRunner().invoke(app, [*arguments, "--html", str(folder / f"{arguments[0]}.html")])
        assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lessons", "may show by Friday"),
        ("notes", "refunded $35"),
        ("edits", "modality"),
        ("compare", "material or worse"),
    ],
)
def test_it_fits_and_asks_for_nothing(browser: Page, pages: Path, name: str, shown: str, width: int) -> None:
    path = pages / f"{name}.html"
    asked: list[str] = []
    said: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.on("console", lambda message: said.append(message.text))
    browser.set_viewport_size({"width": width, "height": 900})
    browser.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert said == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.get_by_text(shown).first.is_visible()
    assert browser.locator("main b").count() == 0

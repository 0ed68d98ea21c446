"""What associates keep changing: which reviews count, whose habits, and what may be shown."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from eval.cli import app
from eval.lessons.redacting import Vocabulary, redact
from eval.lessons.topics import Told, find_topics
from eval.reviews.columns import ReviewWriter
from eval.reviews.review import Review
from tests.eval.reviews.examples import STARTED, review

Lessons = Callable[..., dict[str, Any]]

DRAFT = (
    "Reason:\nCustomer asked for a refund of a fee of $35.\n"
    "Outcome:\nThe money will show by Friday. Customer was told about the fee."
)
DAY = timedelta(days=1)
LAST = dict.fromkeys(("started_at", "drafted_at", "opened_at", "saved_at"), STARTED + 9 * DAY)
END = review("last", associate="somebody", focus_s=None, **LAST)
"""A review so late that all the others are mature."""


def saved(call_id: str, associate: str, final: str, **values: Any) -> Review:
    """A review that counts, unless `values` say otherwise."""
    facts: dict[str, Any] = {"draft": DRAFT, "final": final, "focus_s": 60.0, "queue": "cards"}
    return review(call_id, associate=associate, **(facts | values))


MAY = DRAFT.replace("will", "may")
FEE = DRAFT.replace("$35", "$53")


def habits(final: str, associates: int, each: int = 1, name: str = "a") -> list[Review]:
    return [
        saved(f"{name}-{who}-{call}", f"{name}-{who}", final)
        for who in range(associates)
        for call in range(each)
    ]


@pytest.fixture
def lessons(tmp_path: Path) -> Lessons:
    """The result over these reviews, and what the command says."""

    def draws(reviews: Sequence[Review], *options: str) -> dict[str, Any]:
        with ReviewWriter(tmp_path / "reviews", {"source": "a test"}) as writer:
            writer.add([*reviews, END])
        files = ["--json", str(tmp_path / "r.json"), "--csv", str(tmp_path / "r.csv")]
        files += ["--html", str(tmp_path / "r.html")]
        result = CliRunner().invoke(app, ["lessons", str(tmp_path / "reviews"), *files, *options])
        assert result.exit_code == 0, (result.output, result.exception)
        found: dict[str, Any] = json.loads((tmp_path / "r.json").read_text())
        found["told"] = result.stdout
        return found

    return draws


def test_what_most_associates_change_comes_first(lessons: Lessons, tmp_path: Path) -> None:
    found = lessons([*habits(MAY, 3, 9, "m"), *habits(FEE, 4, 1, "f"), *habits(DRAFT, 5, 1, "d")])
    assert [(one["what"], one["associates"], one["reviews"]) for one in found["lessons"]] == [
        ("money changed", 4, 4),
        ("modality: 'will' -> 'may'", 3, 27),
    ]
    money, modal = found["lessons"]
    assert (money["before"], money["after"], money["place"]) == ("", "", {"section": "reason"})
    assert modal["share"] == pytest.approx(27 / 36)
    assert modal["advice"] == (
        "Promise no more than was promised on the call: modality: 'will' -> 'may' (section outcome)."
    )
    assert modal["examples"] == [
        {"before": "The money will show by Friday.", "after": "The money may show by Friday."}
    ]
    assert (found["n_given"], found["n_scored"], found["edited"], found["edits_not_shown"]) == (37, 36, 31, 0)
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    assert [(row["section"], row["kind"], row["associates"]) for row in rows] == [
        ("reason", "money", "4"),
        ("outcome", "modality", "3"),
    ]
    page = (tmp_path / "r.html").read_text()
    assert "<ins>The money may show by Friday.</ins>" in page
    assert "://" not in page


def test_one_associates_habit_is_counted_and_not_shown(lessons: Lessons) -> None:
    found = lessons([*habits(MAY, 1, 50, "m"), *habits(FEE, 3, 1, "f")])
    assert [one["kind"] for one in found["lessons"]] == ["money"]
    assert (found["edits"], found["edits_not_shown"]) == (53, 50)
    assert "not shown: 50 of 53 edits (94.3%), which fewer than 3 associates make" in found["told"]
    again = lessons([*habits(MAY, 1, 50, "m"), *habits(FEE, 3, 1, "f")], "--least", "1")
    assert [one["associates"] for one in again["lessons"]] == [3, 1]


def test_associates_who_differ_are_told(lessons: Lessons) -> None:
    there = [saved(f"t-{who}", f"t-{who}", DRAFT.replace("asked for", "wanted")) for who in range(4)]
    wanted = DRAFT.replace("asked for", "wanted")
    back = [saved(f"b-{who}", f"b-{who}", DRAFT, draft=wanted) for who in range(3)]
    first, second = lessons([*there, *back])["lessons"]
    assert (first["before"], first["after"], first["associates"], first["opposite"]) == (
        "asked for",
        "wanted",
        4,
        3,
    )
    assert (second["before"], second["after"], second["opposite"]) == ("wanted", "asked for", 4)
    assert first["advice"].startswith("Associates differ, 3 change it back: ")


def test_examples_are_of_the_sentence_that_changed(lessons: Lessons) -> None:
    draft = "Actions:\nAgent checked the card. Agent blocked the card."
    final = draft.replace("Agent blocked", "Customer blocked")
    (one,) = lessons([saved(f"c-{who}", f"a-{who}", final, draft=draft) for who in range(3)])["lessons"]
    assert one["what"] == "actor: 'agent' -> 'customer'"
    assert one["examples"] == [{"before": "Agent blocked the card.", "after": "Customer blocked the card."}]


def test_only_reviews_that_were_read_and_are_a_day_old_count(lessons: Lessons) -> None:
    at = END.saved_at
    assert at is not None
    young = {"started_at": at - DAY, "drafted_at": at - DAY, "opened_at": at - DAY}
    words = len(DRAFT.split())
    reviews = [
        *habits(MAY, 3),
        saved("quick", "q-1", FEE, focus_s=words / 10 - 0.01),
        saved("just", "q-2", FEE, focus_s=words / 10),
        saved("untimed", "q-3", FEE, focus_s=None),
        saved("young", "q-4", FEE, **young, saved_at=at - DAY + timedelta(seconds=1)),
        saved("old", "q-5", FEE, **young, saved_at=at - DAY),
        saved("gone", "q-6", FEE, used=False),
        saved("open", "q-7", "", saved_at=None),
        saved("late", "q-8", FEE, drafted_at=STARTED + DAY),
        saved("new", "q-9", "Nothing of this is what the machine wrote at all, so here it is anew."),
    ]
    found = lessons(reviews)
    assert {one["reason"]: one["reviews"] for one in found["left_out"]} == {
        "no draft was shown in time": 1,
        "nothing was saved": 1,
        "saved less than 24 hours before the data ends": 2,
        "focus time not known": 1,
        "on the screen for less than reading at 600 words a minute takes": 1,
        "the draft was discarded": 1,
    }
    assert (found["n_given"], found["n_scored"], found["edited"], found["rewritten"]) == (13, 6, 5, 1)
    assert "left out, focus time not known: 1" in found["told"]


def test_sentences_that_many_add_are_told_by_what_they_are_about(lessons: Lessons) -> None:
    reviews = [
        saved(f"c-{who}", f"a-{who}", f"{DRAFT} The {thing} shipped to branch number {who}.")
        for who, thing in enumerate(["replacement card"] * 4 + ["parcel"])
    ]
    found = lessons([*reviews, saved("other", "a-9", DRAFT.replace(" Customer was told about the fee.", ""))])
    (one,) = found["lessons"]
    assert (one["kind"], one["associates"]) == ("added", 5)
    assert one["what"].startswith("a sentence added about ")
    assert {"shipped", "branch"} <= set(one["topic"])
    assert one["examples"][0]["before"] == ""
    assert found["edits_not_shown"] == 1


def test_by_queue_and_team(lessons: Lessons) -> None:
    cards = [saved(f"c-{who}", f"c-{who}", MAY, queue="cards", team="red") for who in range(3)]
    loans = [saved(f"l-{who}", f"l-{who}", MAY, queue="loans", team="blue") for who in range(3)]
    plain = [saved(f"p-{who}", f"p-{who}", DRAFT, queue="loans", team="blue") for who in range(3)]
    found = lessons([*cards, *loans, *plain], "--by", "queue,team")
    assert [(one["place"], one["share"]) for one in found["lessons"]] == [
        ({"queue": "cards", "team": "red"}, 1.0),
        ({"queue": "loans", "team": "blue"}, 0.5),
    ]
    (one,) = lessons([*cards, *loans], "--by", "")["lessons"]
    assert (one["place"], one["associates"]) == ({}, 6)


def test_two_processes_draw_the_same(lessons: Lessons) -> None:
    reviews = [*habits(MAY, 5, 60, "m"), *habits(FEE, 4, 60, "f")]
    assert lessons(reviews, "--jobs", "2") == lessons(reviews)


def test_examples_hide_who_it_was(lessons: Lessons) -> None:
    names = ["Diana Harris", "Omar Bell", "Grace Lin"]
    tails, others = ["4471", "9026", "3308"], ["zelda", "quentin", "bartok"]
    reviews = []
    for who, (name, tail) in enumerate(zip(names, tails, strict=True)):
        draft = (
            f"Outcome:\n{name} called about the card ending in {tail}, mail to x{who}@example.org; the money"
            f" will show by Friday, says {others[who]}."
        )
        reviews.append(saved(f"c-{who}", f"a-{who}", draft.replace("will", "may"), draft=draft))
    found = lessons(reviews)
    (one,) = found["lessons"]
    shown = json.dumps(one)
    for secret in (*" ".join(names).split(), *tails, *others, "example.org"):
        assert secret.lower() not in shown.lower()
    assert one["examples"][0]["after"] == (
        "<name> called about the card ending in <number>, mail to <e-mail>; the money may show by Friday,"
        " says <...>."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Agent called Susan Park back.", "Agent called <name> back."),
        ("Card ending in 42 was blocked.", "Card ending in 42 was blocked."),
        ("Account ending 4471 closed.", "Account ending <number> closed."),
        ("Reference 12-34-56 noted.", "Reference <number> noted."),
        ("Paid $35 and $120 on March 3.", "Paid $35 and $120 on March 3."),
        ("Write to a.b@example.org now.", "Write to <e-mail> now."),
        ("Write to ann dot lee at example dot com now.", "Write to <e-mail> now."),
        ("Customer gave [CARD_1] and [PHONE_12].", "Customer gave [CARD_1] and [PHONE_12]."),
    ],
)
def test_what_is_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_words_that_few_write_are_hidden() -> None:
    known = Vocabulary(2)
    for who in ("a", "b"):
        known.add(who, frozenset(["blocked", "card"]))
    known.add("a", frozenset(["parrot"]))
    known.add("a", frozenset(["parrot"]))
    assert redact("Diana blocked the parrot card.", known) == "<...> blocked the <...> card."


@given(st.text(alphabet="ab1234 .-@[]_CARD", max_size=60))
def test_no_run_of_four_digits_is_left(text: str) -> None:
    shown = redact(text)
    digits = "".join(char if char.isdigit() else " " for char in shown.replace("[CARD_", "[CARD "))
    longest = max((len(run) for run in digits.split()), default=0)
    assert longest < 4 or "[CARD_" in shown


def test_the_word_that_most_have_in_common_makes_a_topic() -> None:
    told = [Told(f"a{i % 3}", i, f"Card was shipped to address {word}.") for i, word in enumerate("xyz")]
    told += [Told(f"a{i}", 9 + i, "Fee waived as a courtesy.") for i in range(4)]
    topics = find_topics(told, least=3)
    assert [(set(topic.words), topic.places) for topic in topics] == [
        ({"fee", "waived", "courtesy"}, (3, 4, 5, 6)),
        ({"card", "shipped", "address"}, (0, 1, 2)),
    ]
    assert find_topics(told, least=5) == []
    assert find_topics([], least=1) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reviews", "--by", "mood"], "lessons cannot be told by 'mood'; by section, queue, team"),
        (["nowhere"], "nowhere"),
        (["none"], "there are no reviews: no lesson to draw"),
    ],
)
def test_one_line_and_exit_code_2(
    lessons: Lessons, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], message: str
) -> None:
    lessons([])
    with ReviewWriter(tmp_path / "none", {"source": "a test"}):
        pass
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["lessons", *arguments])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert message in result.stderr


def test_without_lessons_the_page_says_so(lessons: Lessons, tmp_path: Path) -> None:
    assert lessons([])["lessons"] == []
    assert "There is no edit that enough associates make." in (tmp_path / "r.html").read_text()

"""Lessons in words, as JSON for whoever writes the next prompt, and as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from eval.edits.edit import LADDER_VERSION
from eval.lessons.lessons import VALUES, Lesson, Lessons
from eval.lessons.reading import LEFT_OUT
from eval.results import SCHEMA

LESSON_HEAD = ("kind", "how", "before", "after", "topic", "associates", "reviews", "opposite", "share")

_ADVICE = {
    "number": "Take numbers from the call as they were said",
    "money": "Take amounts from the call as they were said",
    "date": "Take dates from the call as they were said",
    "time": "Take times and durations from the call as they were said",
    "tail": "Take the last digits of accounts and phones from the call as they were said",
    "name": "Take names from the call as they were said",
    "negation": "Say no less and no more than was denied on the call",
    "modality": "Promise no more than was promised on the call",
    "actor": "Say who did it, agent or customer, as on the call",
    "disposition": "Take the disposition from how the call ended",
    "word": "Prefer the associates' words",
}


def what(lesson: Lesson) -> str:
    """What associates do, in a few words."""
    if lesson.kind in ("added", "removed"):
        return f"a sentence {lesson.kind} about {', '.join(lesson.topic) or 'something of their own'}"
    if lesson.kind in VALUES:
        return f"{lesson.kind} {lesson.how}"
    if not lesson.before or not lesson.after:
        return f"{lesson.kind}: {(lesson.before or lesson.after)!r} {lesson.how}"
    return f"{lesson.kind}: {lesson.before!r} -> {lesson.after!r}"


def advice(lesson: Lesson) -> str:
    """The same as a line that a prompt can be given."""
    where = "".join(f" ({name} {value})" for name, value in lesson.place if value)
    about = ", ".join(lesson.topic) or "what they add or remove"
    if lesson.kind == "added":
        return f"Tell, where the call has it, of: {about}{where}."
    if lesson.kind == "removed":
        return f"Leave out, unless it matters: {about}{where}."
    told = f"{_ADVICE[lesson.kind]}: {what(lesson)}{where}."
    if 2 * lesson.opposite >= lesson.associates:
        return f"Associates differ, {lesson.opposite} change it back: {what(lesson)}{where}."
    return told


def considered_lines(lessons: Lessons) -> Iterator[str]:
    """What lessons were drawn from, and what was left out and why."""
    found = lessons.considered
    yield (
        f"{found.n_read:,} of {found.given:,} reviews count, of {found.associates:,} associates;"
        f" {found.edited:,} were edited in places, {found.rewritten:,} were rewritten and teach nothing"
    )
    for name, count in found.left_out.items():
        if count:
            yield f"left out, {LEFT_OUT[name]}: {count:,}"
    hidden = lessons.edits - lessons.shown
    if hidden:
        yield (
            f"not shown: {hidden:,} of {lessons.edits:,} edits ({hidden / lessons.edits:.1%}),"
            f" which fewer than {lessons.least} associates make"
        )


def lessons_result(lessons: Lessons, provenance: dict[str, Any]) -> dict[str, Any]:
    """The result of `wrapup eval lessons`."""
    found = lessons.considered
    return {
        "schema": SCHEMA,
        "command": "lessons",
        "by": list(lessons.by),
        "least_associates": lessons.least,
        "n_given": found.given,
        "n_scored": found.n_read,
        "left_out": [{"reason": LEFT_OUT[name], "reviews": count} for name, count in found.left_out.items()],
        "edited": found.edited,
        "rewritten": found.rewritten,
        "associates": found.associates,
        "edits": lessons.edits,
        "edits_not_shown": lessons.edits - lessons.shown,
        "lessons": [
            {
                "what": what(one),
                "advice": advice(one),
                **asdict(one),
                "place": dict(one.place),
            }
            for one in lessons.found
        ],
        "provenance": {**provenance, "ladder": LADDER_VERSION},
    }


def lesson_rows(lessons: Lessons) -> Iterator[tuple[Any, ...]]:
    """Rows under `by` and `LESSON_HEAD`; without examples."""
    for one in lessons.found:
        places = [value for _, value in one.place]
        words = (one.kind, one.how, one.before, one.after, " ".join(one.topic))
        yield (*places, *words, one.associates, one.reviews, one.opposite, one.share)

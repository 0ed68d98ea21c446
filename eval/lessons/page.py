"""Lessons as a page that needs nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.lessons.lessons import Lesson, Lessons
from eval.lessons.telling import advice, considered_lines, what
from eval.pages.rendering import render
from pipeline.formats.plain import clean


def page_of(lessons: Lessons, provenance: Mapping[str, Any]) -> str:
    """The page as HTML: the same for the same lessons."""
    return render(
        "lessons",
        provenance,
        by=lessons.by,
        lessons=[_shown(one) for one in lessons.found],
        lines=list(considered_lines(lessons)),
    )


def _shown(one: Lesson) -> dict[str, Any]:
    return {
        "what": clean(what(one)),
        "advice": clean(advice(one)),
        "place": [clean(value) or "-" for _, value in one.place],
        "associates": one.associates,
        "reviews": one.reviews,
        "opposite": one.opposite,
        "share": "-" if one.share is None else f"{one.share:.1%}",
        "examples": [(clean(each.before), clean(each.after)) for each in one.examples],
    }

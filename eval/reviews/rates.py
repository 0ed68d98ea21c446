"""The rates of reviews, each as what it counts over what it counts."""

from __future__ import annotations

from dataclasses import dataclass

from eval.edits.edit import EDIT_CLASSES, EditClass

COUNTED = (*EDIT_CLASSES, "eligible", "drafted", "opened", "saved", "timed", "unread", "late")
"""What is counted of legs. The edit classes and `timed` are of saved notes whose draft was shown."""

SEVERE: tuple[EditClass, ...] = ("material", "rewritten", "discarded")
"""Classes of edits that a draft must not need."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A rate: the sum of some counts over another count; `title` and `means` say it to a reader."""

    name: str
    title: str
    over: str
    counts: tuple[str, ...]
    means: str


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "nmn",
            "NMN rate",
            "saved",
            ("exact",),
            "NMN rate: saved notes that equal the draft that was shown, after Unicode NFC, line ends and"
            " trimming, over all saved notes of legs that were shown one; discarded drafts count against it.",
        ),
        Metric(
            "nmn_normalized",
            "normalized",
            "saved",
            ("exact", "normalized"),
            "The same, where case, white space, quotes, final punctuation and list markers may differ.",
        ),
        Metric(
            "nmn_content",
            "content",
            "saved",
            ("exact", "normalized", "cosmetic"),
            "The same, where numbers, dates, amounts and usual abbreviations may be written otherwise too.",
        ),
        Metric(
            "material",
            "material",
            "saved",
            ("material",),
            "Saved notes in which a critical word changed (a number, amount, date, name, denial, promise,"
            " party or disposition) or a sentence was added or removed, and that were not rewritten.",
        ),
        Metric(
            "severe",
            "material or worse",
            "saved",
            SEVERE,
            "Saved notes with a material change, rewritten ones, and those whose draft was discarded.",
        ),
        Metric(
            "nmn_eligible",
            "of eligible",
            "eligible",
            ("exact",),
            "Notes saved as drafted over all legs that should have had a draft: none, a late one, one that"
            " was never opened, saved or used counts against it.",
        ),
        Metric(
            "unread",
            "unread",
            "timed",
            ("unread",),
            "At least so many saved notes were not read: saved as drafted with a focus time under that of"
            " reading 600 words a minute. A lower bound.",
        ),
    )
}

"""What explains the rise, in sentences."""

from __future__ import annotations

from eval.reviews.attribution import Attribution, Cause
from eval.stats.clusters import Difference

NAMES = {
    "composition": "Other associates",
    "versions": "Other versions",
    "own days": "Associates who got used to it",
    "attention": "Notes that nobody read",
    "bad version": "A bad version",
}
_VERDICTS = {"explains": "explains it", "does not": "does not explain it", "NOT IDENTIFIED": "NOT IDENTIFIED"}


def cause_lines(found: Attribution, milestone: int) -> list[str]:
    """A line on the rise up to a milestone, and one on each cause."""
    return [_rise_line(found, milestone), *map(cause_line, found.causes)]


def cause_line(cause: Cause) -> str:
    """A cause, its verdict, and its share of the rise or why there is none."""
    name = NAMES[cause.name]
    if cause.name == "bad version":
        verdict = {"explains": "yes", "does not": "none"}.get(cause.verdict, cause.verdict)
        return f"{name}: {verdict}{f' ({cause.reason})' if cause.reason else ''}."
    told = f"{name}: {_VERDICTS[cause.verdict]}"
    if cause.share is not None:
        told += f", {round(cause.share * 100)} % of the rise"
        if cause.interval is not None:
            told += f" [{round(cause.interval.low * 100)}, {round(cause.interval.high * 100)}]"
    return f"{told}{f' ({cause.reason})' if cause.reason else ''}."


def _rise_line(found: Attribution, milestone: int) -> str:
    if found.rise is None:
        return f"From the first window to day {milestone}: no notes to compare."
    return (
        f"From the first window to day {milestone} the NMN rate moved by {_points(found.rise)};"
        f" of those who were there throughout by {_points(found.panel_rise)}."
    )


def _points(difference: Difference | None) -> str:
    if difference is None:
        return "what nobody knows"
    told = f"{difference.value * 100:+.1f} points"
    if difference.interval is None:
        return told
    return f"{told} [{difference.interval.low * 100:+.1f}, {difference.interval.high * 100:+.1f}]"

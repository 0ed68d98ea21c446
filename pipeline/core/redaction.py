"""The conservative mask of secrets: what leaves the core at first has nothing that could be one.

Every loose digit is masked, and with it what follows a cue, calendar dates, e-mail and postal addresses,
spelled names, and the bare names of an answer. Amounts, times, durations and counts stay readable when the
utterance itself makes them so. In doubt a word is masked: `resolving` reveals it once both sides' words
around it are known, or names it.

Pure: the same words and state give the same mask, however the other channels went.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.text.digits import Look, has_number
from models.text.secrets_reach import open_names
from models.types import Word
from pipeline.core.scanning import BETWEEN, MaskState, Scan, misheard, rows

__all__ = ["MaskState", "Masked", "MaskedSpan", "conceal", "escape", "hide_partial", "mask"]

REDACTION_VERSION = "mask@3"
"""What is masked, and how: part of the version of every note."""
MAX_FILLERS = 6
"""How many fillers may stand between two groups of one number."""

_STOPS = re.compile(r"[.,!?;:…]+$")
_TOKEN = re.compile(r"\[([A-Z]+(?:_[A-Z]+)*)_\d+\]")


@dataclass(frozen=True, slots=True)
class MaskedSpan:
    """A stretch of the call that a token stands for: [start_samples, end_samples) of its words."""

    kind: str
    token: str
    start_samples: int
    end_samples: int


@dataclass(frozen=True, slots=True)
class Masked:
    """An utterance after the mask: `hidden` are the words of each span, `state` is for the next utterance."""

    words: tuple[Word, ...]
    spans: tuple[MaskedSpan, ...]
    hidden: tuple[tuple[Word, ...], ...]
    state: MaskState


def conceal(words: Sequence[Word], state: MaskState) -> Masked:
    """The words of one utterance with what may be secret as tokens, and what the tokens stand for.

    `words` are one channel's, times on the call's clock. Each masked stretch becomes one word, "[NUMBER_3]"
    with the punctuation that ended it; the k-th token of channel c of C is number k * C + c + 1. Masked
    text comes back as it is.
    """
    out, spans, after = _mask_once(words, state)
    more = spans
    while more:
        # A token is a stronger sign of a secret than the digits that it took the place of, so what is beside
        # it is looked at again until nothing changes: then masking what is masked changes nothing either.
        out, more, again = _mask_once(out, replace(state, issued=after.issued))
        spans += more
        after = replace(max(after, again, key=_run_end), issued=again.issued)
    ordered = sorted(spans, key=lambda item: (item[0].start_samples, item[0].token))
    return Masked(out, tuple(span for span, _ in ordered), tuple(hidden for _, hidden in ordered), after)


def mask(
    words: Sequence[Word], state: MaskState
) -> tuple[tuple[Word, ...], tuple[MaskedSpan, ...], MaskState]:
    """The words of one utterance after the mask, the stretches masked, and the state for the next one."""
    masked = conceal(words, state)
    return masked.words, masked.spans, masked.state


def escape(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words as they were heard, without brackets around what looks like a token: it is none of ours."""
    return tuple(replace(word, text=_TOKEN.sub(lambda found: f"({found[1]})", word.text)) for word in words)


def _run_end(state: MaskState) -> int:
    return -1 if state.run_samples is None else state.run_samples


_Kept = tuple[MaskedSpan, tuple[Word, ...]]


def _mask_once(
    words: Sequence[Word], state: MaskState
) -> tuple[tuple[Word, ...], tuple[_Kept, ...], MaskState]:
    if not words:
        return (), (), state
    scan = Scan(words, state)
    hidden = scan.hidden()
    out: list[Word] = []
    spans: list[_Kept] = []
    at = 0
    for first, after in _stretches(scan.looks, hidden, scan.readable):
        number = (state.issued + len(spans)) * state.channels + state.channel + 1
        word = _token(words[first:after], f"[NUMBER_{number}]")
        out += [*words[at:first], word]
        span = MaskedSpan("number", f"[NUMBER_{number}]", word.start_samples, word.end_samples)
        spans.append((span, tuple(words[first:after])))
        at = after
    out += words[at:]
    return tuple(out), tuple(spans), scan.state_after(hidden, len(spans))


def hide_partial(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words of a partial with all that may be secret as "[NUMBER]", one for each row of it.

    Every digit and number word goes, amounts too, since the next partial may read them otherwise; what the
    mask of an utterance hides where nothing more is said; and the names at the end that a street or the
    domain of an e-mail address may follow. So a bare answer is hidden while it is spoken, as it is in the
    final until it is decided, and a name in a sentence is shown.
    """
    if not words:
        return ()
    scan = Scan(words, MaskState())
    hidden = {i for i, seen in enumerate(scan.looks) if has_number(seen)}
    hidden |= misheard(scan.looks, hidden) | scan.hidden() | open_names(scan.texts, scan.looks)
    out: list[Word] = []
    at = 0
    for first, after in rows(sorted(hidden)):
        out += [*words[at:first], _token(words[first:after], "[NUMBER]")]
        at = after
    out += words[at:]
    return hide_partial(out) if hidden else tuple(out)


def _stretches(
    looks: Sequence[Look], hidden: set[int], readable: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """Ranges of words that one token stands for: masked rows, joined over a few fillers."""
    left = rows(sorted(hidden))
    while left:
        first, after = left.pop(0)
        while left and left[0][0] - after <= MAX_FILLERS and _fillers(looks, readable, after, left[0][0]):
            after = left.pop(0)[1]
        yield first, after


def _fillers(looks: Sequence[Look], readable: Sequence[bool], first: int, after: int) -> bool:
    return not any(readable[first:after]) and all(seen.kind in BETWEEN for seen in looks[first:after])


def _token(words: Sequence[Word], token: str) -> Word:
    stops = _STOPS.search(words[-1].text)
    return Word(
        token + (stops[0] if stops else ""),
        words[0].start_samples,
        max(word.end_samples for word in words),
        None,
        any(word.estimated for word in words),
    )

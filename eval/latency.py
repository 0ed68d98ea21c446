"""How late the text of a live call comes, from what its followers saw and when they saw it.

For each stretch of reference speech that ends in a pause, the final that holds its end is looked for. One
that ended before the speech did (see `EARLY_S`) cut the speaker off and counts as missing, however fast it
was. Times are seconds since the first sample was spoken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rapidfuzz.distance import LCSseq

from models.types import RATE_HZ, Samples
from pipeline.core.endpointing import EndpointSettings
from pipeline.formats.segments import Segment

EARLY_S = 0.15
"""A final whose audio ends this much before the speech does has lost some of it."""

PAUSE_S = 1.0
"""References closer to each other than this are one stretch: no endpoint can be told between them."""

FRAME_SAMPLES = RATE_HZ // 100
QUIET_DB = 35.0
"""Speech ends with the last 10 ms that are at most this far below its loud parts (their 95th percentile)."""


DELAYS = ("speech_to_final_s", "decided_to_final_s", "first_partial_s")
"""The delays of `LatencyScores`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Reference speech of one channel, up to a pause."""

    channel: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """An event and when a follower had it."""

    at_s: float
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LatencyScores:
    """Delays in seconds, one entry each, and counts; all of them add.

    `speech_to_final_s`: from the end of speech. `decided_to_final_s`: from the moment at which the silence
    was long enough. `first_partial_s`: from the start of speech. `missing`: stretches whose end no final
    holds. Of the words that partials showed (hidden numbers apart), `committed_wrong` and `tail_wrong` are
    not in the final, in that order.
    """

    speech_to_final_s: tuple[float, ...] = ()
    decided_to_final_s: tuple[float, ...] = ()
    first_partial_s: tuple[float, ...] = ()
    missing: int = 0
    committed: int = 0
    committed_wrong: int = 0
    tail: int = 0
    tail_wrong: int = 0

    @property
    def ends(self) -> int:
        """Stretches of speech that ended."""
        return len(self.speech_to_final_s) + self.missing

    def __add__(self, other: LatencyScores) -> LatencyScores:
        return LatencyScores(
            self.speech_to_final_s + other.speech_to_final_s,
            self.decided_to_final_s + other.decided_to_final_s,
            self.first_partial_s + other.first_partial_s,
            self.missing + other.missing,
            self.committed + other.committed,
            self.committed_wrong + other.committed_wrong,
            self.tail + other.tail,
            self.tail_wrong + other.tail_wrong,
        )


@dataclass(slots=True)
class _Shown:
    """What partials of one utterance showed: the words of each, and how many of them were committed."""

    words: list[tuple[int, list[str]]] = field(default_factory=list)


def stretches(segments: Sequence[Segment], audio: Samples) -> list[Stretch]:
    """Reference speech up to each pause, with its end where the sound ends.

    `audio` has shape (channels, n). Segments without times are left out, and on calls with several channels
    those without a channel.
    """
    found: list[Stretch] = []
    for channel in range(len(audio)):
        mine = [s for s in segments if s.channel == channel or (s.channel is None and len(audio) == 1)]
        timed = sorted((s.start_s, s.end_s) for s in mine if s.start_s is not None and s.end_s is not None)
        merged: list[tuple[float, float]] = []
        for start_s, end_s in timed:
            if merged and start_s - merged[-1][1] < PAUSE_S:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
            else:
                merged.append((start_s, end_s))
        found += [
            Stretch(channel, start_s, _sound_ends(audio[channel], start_s, end_s))
            for start_s, end_s in merged
        ]
    return found


def score(references: Sequence[Stretch], seen: Sequence[Seen], endpoint: EndpointSettings) -> LatencyScores:
    """The delays of one call."""
    finals = [one for one in seen if one.event["type"] == "utterance_final"]
    scores = _stability(seen)
    decided = tuple(_decided(one, endpoint) for one in finals if not _was_split(one, finals))
    scores += LatencyScores(decided_to_final_s=decided)
    for stretch in references:
        final = _holding_end(stretch, finals)
        if final is None:
            scores += LatencyScores(missing=1)
        else:
            scores += LatencyScores(speech_to_final_s=(final.at_s - stretch.end_s,))
        scores += LatencyScores(first_partial_s=_first_partial(stretch, seen))
    return scores


def words_shown(scores: LatencyScores) -> list[tuple[str, int, int]]:
    """(which, wrong, all) of the words that partials showed."""
    return [
        ("committed", scores.committed_wrong, scores.committed),
        ("tail", scores.tail_wrong, scores.tail),
    ]


def percentile(values: Iterable[float], share: float) -> float | None:
    """By nearest rank; None without values."""
    ordered = sorted(values)
    return ordered[max(0, int(np.ceil(share * len(ordered))) - 1)] if ordered else None


def _sound_ends(audio: Samples, start_s: float, end_s: float) -> float:
    first = int(start_s * RATE_HZ)
    clip = audio[first : int((end_s + 0.1) * RATE_HZ)]
    frames = clip[: len(clip) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    if not len(frames):
        return end_s
    level = 10.0 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(level >= np.percentile(level, 95) - QUIET_DB)
    return min(end_s, float(first + (int(loud[-1]) + 1) * FRAME_SAMPLES) / RATE_HZ)


def _holding_end(stretch: Stretch, finals: Sequence[Seen]) -> Seen | None:
    """The final whose audio covers the end of the stretch."""
    for final in finals:
        event = final.event
        on_time = event["start_s"] < stretch.end_s <= event["end_s"] + EARLY_S
        if event["channel"] == stretch.channel and on_time:
            return final
    return None


def _decided(final: Seen, endpoint: EndpointSettings) -> float:
    silence_s = (endpoint.hang_ms - endpoint.tail_ms) / 1000
    end_s: float = final.event["end_s"]
    return final.at_s - (end_s + silence_s)


def _was_split(final: Seen, finals: Sequence[Seen]) -> bool:
    """Whether speech went on at the end of an utterance, which was split for its length."""
    return any(
        other.event["channel"] == final.event["channel"] and other.event["start_s"] == final.event["end_s"]
        for other in finals
    )


def _first_partial(stretch: Stretch, seen: Sequence[Seen]) -> tuple[float, ...]:
    for one in seen:
        event = one.event
        if (
            event["type"] == "partial"
            and event["channel"] == stretch.channel
            and stretch.start_s <= event["end_s"] <= stretch.end_s
        ):
            return (one.at_s - stretch.start_s,)
    return ()


def _stability(seen: Sequence[Seen]) -> LatencyScores:
    """Words that were shown against those of the final that came, place by place."""
    open_: dict[int, _Shown] = {}
    scores = LatencyScores()
    for one in seen:
        event = one.event
        if event["type"] == "partial":
            committed = event["committed"].split()
            shown = open_.setdefault(event["channel"], _Shown())
            shown.words.append((len(committed), [*committed, *event["tail"].split()]))
        elif event["type"] in ("utterance_final", "utterance_lost"):
            shown = open_.pop(event["channel"], _Shown())
            words = [word["text"] for word in event.get("words", ())]
            for committed_count, guess in shown.words:
                scores += _against(guess, committed_count, words)
    return scores


def _against(guess: Sequence[str], committed: int, words: Sequence[str]) -> LatencyScores:
    """Longest common subsequence: a word too many does not make all those after it wrong."""
    shown = [_letters(word) for word in guess]
    same: set[int] = set()
    for block in LCSseq.opcodes(shown, [_letters(word) for word in words]):
        if block.tag == "equal":
            same |= set(range(block.src_start, block.src_end))
    counted = [at for at, word in enumerate(guess) if not word.startswith("[")]
    firm = [at for at in counted if at < committed]
    loose = [at for at in counted if at >= committed]
    return LatencyScores(
        committed=len(firm),
        committed_wrong=len(set(firm) - same),
        tail=len(loose),
        tail_wrong=len(set(loose) - same),
    )


def _letters(word: str) -> str:
    """A word without case and punctuation, which no reader stumbles over."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())

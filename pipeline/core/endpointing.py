"""Where speech of one channel begins and ends.

A hysteresis over voice scores: speech begins at `enter` and has ended once scores stayed under `leave` for
`hang_ms`. An utterance keeps `pad_ms` of the quiet before it and `tail_ms` of that after it, since engines
invent words on clips that are cut tight, but never audio of the utterance before. Speech without a pause is
split where it is weakest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.core.clock import WINDOW_SAMPLES, windows_of_ms


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Thresholds are voice scores in [0, 1]; times are milliseconds.

    `early_ms` is the quiet after which the end of an utterance is expected, which decides nothing.
    """

    enter: float = 0.5
    leave: float = 0.35
    hang_ms: int = 512
    pad_ms: int = 300
    tail_ms: int = 128
    early_ms: int = 256
    min_speech_ms: int = 96
    max_utterance_ms: int = 12_000
    split_search_ms: int = 6_000


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech: [start_samples, end_samples)."""

    start_samples: int
    end_samples: int


@dataclass(slots=True)
class EndpointState:
    """All that an endpointer remembers; times are window numbers.

    `first` and `last` are the first and the last window of speech in the open utterance (-1: none open),
    `loud` counts its windows of speech, `scores` are those since `first`, `floor` is the end of the
    utterance before, which the next one may not reach into.
    """

    heard: int = 0
    first: int = -1
    last: int = -1
    loud: int = 0
    floor: int = 0
    scores: list[float] = field(default_factory=list)


class Endpointer:
    """Voice scores of one channel in, spans out, each as soon as it is decided."""

    def __init__(self, settings: EndpointSettings, state: EndpointState | None = None) -> None:
        self._settings = settings
        self._hang = windows_of_ms(settings.hang_ms)
        self._pad = windows_of_ms(settings.pad_ms)
        self._tail = min(windows_of_ms(settings.tail_ms), self._hang)
        self._early = max(self._tail, min(windows_of_ms(settings.early_ms), self._hang))
        self._min_speech = windows_of_ms(settings.min_speech_ms)
        self._max = windows_of_ms(settings.max_utterance_ms)
        self._search = windows_of_ms(settings.split_search_ms)
        self.state = state or EndpointState()

    @property
    def open_from(self) -> int | None:
        """Start of the utterance that is being spoken, in samples; None in silence."""
        return None if self.state.first < 0 else self._padded_start() * WINDOW_SAMPLES

    @property
    def pausing(self) -> bool:
        """Whether all of the open utterance was heard if the silence goes on."""
        return self.state.first >= 0 and self._quiet >= self._tail

    @property
    def expected(self) -> Span | None:
        """The span that the open utterance becomes if the silence goes on, once that is likely."""
        state = self.state
        if state.first < 0 or self._quiet < self._early or state.loud < self._min_speech:
            return None
        return Span(self._padded_start() * WINDOW_SAMPLES, (state.last + 1 + self._tail) * WINDOW_SAMPLES)

    @property
    def needed_from(self) -> int:
        """The first sample that a later span may still reach back to."""
        reach = self.state.first if self.state.first >= 0 else self.state.heard
        return max(self.state.floor, reach - self._pad) * WINDOW_SAMPLES

    def push(self, scores: Sequence[float]) -> list[Span]:
        """Hear more windows; give the spans that they decide."""
        spans: list[Span] = []
        for score in scores:
            spans += self._window(score)
        return spans

    def end(self, total_samples: int) -> list[Span]:
        """The channel is over after `total_samples`; a word that was cut off is a span too."""
        return [Span(span.start_samples, min(span.end_samples, total_samples)) for span in self.flush()]

    def flush(self) -> list[Span]:
        """What is being said ends here; what follows is another utterance."""
        state = self.state
        return [] if state.first < 0 else self._close(min(state.last + 1 + self._tail, state.heard))

    def _window(self, score: float) -> list[Span]:
        state = self.state
        at = state.heard
        state.heard += 1
        if state.first < 0:
            if score >= self._settings.enter:
                state.first, state.last, state.loud, state.scores = at, at, 1, [score]
            return []
        state.scores.append(score)
        if score >= self._settings.leave:
            state.last = at
            state.loud += 1
        if at - state.last >= self._hang:
            return self._close(state.last + 1 + self._tail)
        if state.heard - state.first >= self._max:
            return self._split()
        return []

    @property
    def _quiet(self) -> int:
        return self.state.heard - self.state.last - 1

    def _padded_start(self) -> int:
        return max(self.state.floor, self.state.first - self._pad)

    def _close(self, end: int) -> list[Span]:
        state = self.state
        spans = []
        if state.loud >= self._min_speech:
            spans.append(Span(self._padded_start() * WINDOW_SAMPLES, end * WINDOW_SAMPLES))
            state.floor = end
        state.first = state.last = -1
        state.loud, state.scores = 0, []
        return spans

    def _split(self) -> list[Span]:
        """Cut the open utterance at its weakest window among the last `split_search_ms`.

        The weakest of three neighbours' means: one low window inside a word is not a pause. Of equal ones
        the latest, which keeps the pieces long.
        """
        state = self.state
        scores = state.scores
        begin = max(1, len(scores) - self._search)
        at = min(range(begin, len(scores) - 1), key=lambda i: (scores[i - 1] + scores[i] + scores[i + 1], -i))
        cut = state.first + at
        span = Span(self._padded_start() * WINDOW_SAMPLES, cut * WINDOW_SAMPLES)
        rest = scores[at:]
        speech = [i for i, score in enumerate(rest) if score >= self._settings.leave]
        state.floor = cut
        if not speech:
            state.first = state.last = -1
            state.loud, state.scores = 0, []
            return [span]
        state.first = cut
        state.last = cut + speech[-1]
        state.loud = max(len(speech), self._min_speech)
        state.scores = rest
        return [span]

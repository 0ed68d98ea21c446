"""The utterances of one channel, in order.

Results come back in any order; a final goes out only when every utterance before it on the channel is
settled, so that masks, which look back, and consumers see one order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from models.types import RATE_HZ, Transcription, Word
from pipeline.core.endpointing import Span
from pipeline.core.events import Failure, LossReason, UtteranceFinal, UtteranceLost
from pipeline.core.redaction import MaskedSpan, MaskState, conceal, escape
from pipeline.core.resolving import Said, said_of

Settled = Transcription | Failure


@dataclass(slots=True)
class Pending:
    """An utterance whose text is not out: `settled` is its result once that has come."""

    span: Span
    deadline_s: float
    settled: Settled | None = None
    expired: bool = False


@dataclass(slots=True)
class TranscriptState:
    """All that a channel's transcript remembers.

    `spoken` and `foreign` are the samples of speech that came back, and those of them in a language the
    engine does not have. `said` are utterances that are out, with what is masked of them, for the resolver.
    """

    channel: int
    speaker: str
    mask: MaskState
    pending: list[Pending] = field(default_factory=list)
    spoken: int = 0
    foreign: int = 0
    said: list[Said] = field(default_factory=list)


def utterance_id(channel: int, start_samples: int) -> str:
    """The stable id of an utterance: channel and start."""
    return f"u{channel}-{start_samples}"


def job_id_of(channel: int, span: Span, partial: bool = False) -> str:
    """The id of the job that reads a span: the same for each job that reads the same for the transcript."""
    return f"{'p' if partial else 't'}{channel}-{span.start_samples}-{span.end_samples}"


class ChannelTranscript:
    """Spans and their results in; finals and losses out, in order of start."""

    def __init__(self, state: TranscriptState, mask_secrets: bool = True) -> None:
        self.state = state
        self._mask_secrets = mask_secrets

    def expect(self, span: Span, deadline_s: float, settled: Settled | None = None) -> None:
        """A span was decided; `settled` where its text is known already, which `release` then gives."""
        self.state.pending.append(Pending(span, deadline_s, settled))

    def settle(self, job_id: str, value: Settled) -> list[UtteranceFinal | UtteranceLost]:
        """A result came. One for an utterance that is already out changes nothing."""
        for pending in self.state.pending:
            if job_id_of(self.state.channel, pending.span) == job_id and pending.settled is None:
                pending.settled = value
        return self.release()

    def expire(self, now_s: float) -> list[UtteranceFinal | UtteranceLost]:
        """Results that have not come by their deadline are lost."""
        for pending in self.state.pending:
            if pending.settled is None and pending.deadline_s <= now_s:
                pending.settled = Failure("deadline")
                pending.expired = True
        return self.release()

    def waiting(self) -> list[Pending]:
        """Utterances without a result yet."""
        return [pending for pending in self.state.pending if pending.settled is None]

    def _id(self, pending: Pending) -> str:
        return utterance_id(self.state.channel, pending.span.start_samples)

    def release(self) -> list[UtteranceFinal | UtteranceLost]:
        """What is settled and has nothing unsettled before it."""
        out: list[UtteranceFinal | UtteranceLost] = []
        pending = self.state.pending
        while pending and (settled := pending[0].settled) is not None:
            head = pending.pop(0)
            if isinstance(settled, Failure):
                out.append(self._lost(head, "deadline" if head.expired else "failed"))
            else:
                out += self._heard(head, settled)
        return out

    def _heard(self, head: Pending, heard: Transcription) -> list[UtteranceFinal | UtteranceLost]:
        length = head.span.end_samples - head.span.start_samples
        if heard.code == "unsupported_language":
            self.state.spoken += length
            self.state.foreign += length
            return [self._lost(head, "unsupported_language")]
        if not heard.words:
            return []
        self.state.spoken += length
        words = in_call_time(heard.words, head.span)
        redactions: tuple[MaskedSpan, ...] = ()
        hidden: tuple[tuple[Word, ...], ...] = ()
        if self._mask_secrets:
            masked = conceal(escape(words), self.state.mask)
            words, redactions, hidden = masked.words, masked.spans, masked.hidden
            self.state.mask = masked.state
        final = UtteranceFinal(
            id=self._id(head),
            channel=self.state.channel,
            speaker=self.state.speaker,
            start_samples=head.span.start_samples,
            end_samples=head.span.end_samples,
            words=words,
            language=heard.language,
            redactions=redactions,
        )
        if self._mask_secrets:
            self.state.said.append(said_of(final, hidden))
        return [final]

    def _lost(self, head: Pending, reason: LossReason) -> UtteranceLost:
        span = head.span
        return UtteranceLost(self._id(head), self.state.channel, span.start_samples, span.end_samples, reason)


def in_call_time(words: tuple[Word, ...], span: Span) -> tuple[Word, ...]:
    """Words of a clip on the call's clock, held inside the utterance whatever the engine said."""
    length = span.end_samples - span.start_samples
    moved = []
    earliest = 0
    for word in words:
        start = min(max(word.start_samples, earliest), length)
        end = min(max(word.end_samples, start), length)
        earliest = start
        moved.append(
            replace(word, start_samples=span.start_samples + start, end_samples=span.start_samples + end)
        )
    return tuple(moved)


def seconds_of(pending: list[Pending]) -> float:
    """Audio in these utterances, in seconds: the backlog."""
    return sum(item.span.end_samples - item.span.start_samples for item in pending) / RATE_HZ

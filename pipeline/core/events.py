"""What a session gives out: events, durable or ephemeral, and jobs for the workers.

Times are samples at `RATE_HZ` since the start of the call. Durable events have an id that is derived from
what they say, so that a replay gives the same ids; they do not depend on how the input was cut nor on the
order of results. Within a channel they are ordered by start; `CallClosed` is the last event of a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from models.types import NoteRequest, Role, Summary, Transcription, Turn, Word
from pipeline.core.redaction import MaskedSpan

LossReason = Literal["deadline", "failed", "unsupported_language"]
GapReason = Literal["lost", "hold", "pause"]
EndCode = Literal[
    "hangup", "truncated", "failed", "disconnected", "idle", "too_long", "shutdown", "interrupted"
]
TranscribeKind = Literal["final", "early", "partial"]
NoteWriter = Literal["chosen", "embedded"]


@dataclass(frozen=True, slots=True)
class UtteranceFinal:
    """What one channel said in one stretch of speech; secrets masked. The words never change again.

    `speaker` is the channel's own on calls with a channel each; on mono calls it is provisional until the
    call's `SpeakerRevised`, and `SpeakerHeard` may say better before that.
    """

    id: str
    channel: int
    speaker: str
    start_samples: int
    end_samples: int
    words: tuple[Word, ...]
    language: str
    redactions: tuple[MaskedSpan, ...]


@dataclass(frozen=True, slots=True)
class UtteranceLost:
    """Speech was heard but no text came of it."""

    id: str
    channel: int
    start_samples: int
    end_samples: int
    reason: LossReason


@dataclass(frozen=True, slots=True)
class AudioGap:
    """A stretch without audio; the clock went on.

    `reason`: "lost" on the way, "hold" while the customer was parked, "pause" where payment data was spoken
    and nothing may be heard.
    """

    id: str
    channel: int
    start_samples: int
    end_samples: int
    reason: GapReason = "lost"


@dataclass(frozen=True, slots=True)
class LegStarted:
    """From here on the call is with this associate: at its start, and after each transfer.

    `number` counts from 1. `associate` and `queue` are the contact center's own names, or None.
    """

    id: str
    number: int
    associate: str | None
    queue: str | None
    start_samples: int


@dataclass(frozen=True, slots=True)
class TurnsFound:
    """Who held the floor when on a mono call: sorted turns that do not overlap."""

    id: str
    revision: int
    channel: int
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class SpeakerPart:
    """Words `first_word` up to, not including, `end_word` of an utterance belong to `speaker`."""

    first_word: int
    end_word: int
    speaker: str


@dataclass(frozen=True, slots=True)
class SpeakerRevised:
    """Who spoke an utterance of a mono call; the parts cover all its words in order."""

    id: str
    utterance_id: str
    revision: int
    parts: tuple[SpeakerPart, ...]


@dataclass(frozen=True, slots=True)
class RolesAssigned:
    """The role of each speaker of the call, sorted by speaker."""

    id: str
    roles: tuple[tuple[str, Role], ...]


@dataclass(frozen=True, slots=True)
class SpanResolved:
    """What a mask stood for, once that is known: for good.

    `token` is the one in the utterance that is out. A secret has a kind and a name, the same for the same
    value all through the call: "account", and `text` "[ACCOUNT_1]"; several masks of one secret have one
    name. What was none is revealed: `kind` is "revealed", `text` the words as they were heard, and `words`
    the same with their times. What stays in doubt is a "number".

    Each mask gets one, after its utterance and before the call's `RolesAssigned`. They come in an order of
    their own, by the time at which they could be told; it is always the same for a call, but neither that of
    a channel's utterances nor fixed against those.
    """

    id: str
    channel: int
    utterance_id: str
    token: str
    kind: str
    text: str
    start_samples: int
    end_samples: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkNoted:
    """What was noted of one chunk of the call while it went on; in place of the chunk's note before it.

    `number` counts the chunks from 1, `revision` their notes: one is made anew when its speakers are told
    apart anew. Of lines that begin in [start_samples, end_samples). `version`: see `DraftReady`.
    """

    id: str
    number: int
    revision: int
    start_samples: int
    end_samples: int
    summary: Summary
    version: str = ""


@dataclass(frozen=True, slots=True)
class DraftReady:
    """The note for the associate; evidence names the `Line` ids of the job that asked for it.

    Revision 1 is what the associate is shown first; later ones are offered, never swapped in. `version`
    stands for all that made it: summarizer, model, prompt, examples, decoding, mask and transcriber.
    """

    id: str
    summary: Summary
    revision: int = 1
    version: str = ""


@dataclass(frozen=True, slots=True)
class CallClosed:
    """Nothing of this call follows."""

    id: str
    code: EndCode
    duration_samples: int
    language: str


@dataclass(frozen=True, slots=True)
class Partial:
    """Text of speech that goes on; it replaces the channel's partial before it. Ephemeral.

    Two readings in a row agreed on `committed`, which only grows until the utterance's final; `tail` may
    still change. Shows no digit: the end of the text may still be half of a secret.
    """

    channel: int
    start_samples: int
    end_samples: int
    committed: str
    tail: str

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.committed} {self.tail}".strip()


@dataclass(frozen=True, slots=True)
class SpeakerHeard:
    """Who seems to have spoken an utterance of a mono call that goes on; in place of what was said before.

    Ephemeral. The parts cover all words in order. Labels hold for the time of the call alone: those of the
    call's `SpeakerRevised` are given anew. An utterance that has none yet keeps its provisional speaker.
    """

    utterance_id: str
    parts: tuple[SpeakerPart, ...]


@dataclass(frozen=True, slots=True)
class Flushed:
    """All that was said before a client's wish for it to be final is out; nothing of it is still read.

    Ephemeral. `until_samples`: what was heard of the call by then.
    """

    until_samples: int


DurableEvent: TypeAlias = (
    UtteranceFinal
    | UtteranceLost
    | AudioGap
    | LegStarted
    | TurnsFound
    | SpeakerRevised
    | RolesAssigned
    | SpanResolved
    | ChunkNoted
    | DraftReady
    | CallClosed
)
EphemeralEvent: TypeAlias = Partial | SpeakerHeard | Flushed
Event: TypeAlias = DurableEvent | EphemeralEvent


@dataclass(frozen=True, slots=True)
class TranscribeJob:
    """Read one span of one channel.

    A "final" is answered or lost. "early" reads what becomes the final if the silence goes on: the same span
    has the same id, so that a final may follow an early job that is still under way, and takes its result.
    A "partial" may be dropped; `draft` holds the engine's tokens of the reading before it.
    """

    id: str
    channel: int
    start_samples: int
    end_samples: int
    kind: TranscribeKind
    deadline_s: float
    draft: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Nobody needs the result of this job any more. A result that comes all the same changes nothing."""

    id: str


@dataclass(frozen=True, slots=True)
class DiarizeJob:
    """Tell the speakers of a mono channel apart, from the start of the call to `end_samples`.

    `whole`: the call is over. Otherwise the call goes on; its labels are for the eye, and it may be answered
    with a failure when the diarizer has no time for it.
    """

    id: str
    channel: int
    end_samples: int
    deadline_s: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class SummarizeJob:
    """Write a note.

    By the summarizer that was chosen, or by the embedded one, whose note stands in. `seconds` and `tokens`
    are what is left of the call's budget, None for no bound.
    """

    id: str
    request: NoteRequest
    deadline_s: float
    by: NoteWriter = "chosen"
    seconds: float | None = None
    tokens: int | None = None


Job: TypeAlias = TranscribeJob | DiarizeJob | SummarizeJob
Output: TypeAlias = Event | Job | CancelJob


@dataclass(frozen=True, slots=True)
class Heard:
    """Audio that arrived on a channel: how many samples, and the voice scores of the windows they complete.

    Window k covers samples [k * VAD_WINDOW_SAMPLES, (k + 1) * VAD_WINDOW_SAMPLES) of the channel.
    """

    channel: int
    samples: int
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of a channel without audio. The samples also pass as `Heard`, as silence."""

    channel: int
    start_samples: int
    end_samples: int
    reason: GapReason = "lost"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who takes the call from here on, as the contact center names them."""

    associate: str | None
    queue: str | None
    at_samples: int


@dataclass(frozen=True, slots=True)
class Flush:
    """What was said so far on a channel is to be final, though silence did not end it."""

    channel: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that gave no result; `reason` is for logs and holds no words of the call."""

    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: the value of its kind, or a failure."""

    job_id: str
    value: Transcription | tuple[Turn, ...] | Summary | Failure


Input: TypeAlias = Heard | Missing | Transfer | Flush | Result

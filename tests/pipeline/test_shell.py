"""The shell around a session: what it asks for, what it knows already, what it measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.errors import EngineError
from models.fakes import ScriptedSummarizer, ScriptedVoice
from models.ports import PLAIN, Decoding
from models.types import RATE_HZ, Samples, Summary, Transcription, Turn, Word
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DraftReady,
    Event,
    Flushed,
    LegStarted,
    Result,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import Session, SessionSettings
from pipeline.shell import SILENCE_BLOCK_SAMPLES, CallEngines, CallShell, Surroundings, Value
from pipeline.workers import Engines
from tests.pipeline.clock import VirtualClock
from tests.pipeline.engines import HalvesDiarizer
from tests.pipeline.live_harness import NotingTranscriber, SteppedWorkers

MONO = SessionSettings(1, early=True)
SAID = np.concatenate([np.full(RATE_HZ, 0.3, np.float32), np.zeros(RATE_HZ, np.float32)])


class Rig:
    """A shell on stepped workers, with its results and events."""

    def __init__(
        self,
        settings: SessionSettings = MONO,
        session: Session | None = None,
        known: Mapping[str, Value] | None = None,
        diarizer: HalvesDiarizer | None = None,
        transcriber: NotingTranscriber | None = None,
        again_samples: int = 0,
    ) -> None:
        self.clock = VirtualClock()
        self.transcriber = transcriber or NotingTranscriber()
        self.workers = SteppedWorkers(Engines(self.transcriber, ScriptedSummarizer()), self.clock)
        self.results: list[Result] = []
        self.events: list[Event] = []
        self.late: list[float] = []
        around = Surroundings(
            CallEngines(ScriptedVoice(), diarizer),
            self.workers,
            self.results.append,
            self.events.append,
            self.clock,
            known or {},
            self.late.append,
            again_samples=again_samples,
        )
        self.shell = CallShell(session or Session(settings), settings.channels, around)

    def hear(self, samples: Samples, size: int = 320) -> None:
        for at in range(0, len(samples), size):
            self.shell.hear(0, samples[at : at + size])

    def take(self) -> None:
        """Take the results that are there."""
        results, self.results[:] = list(self.results), []
        for result in results:
            self.shell.take(result)

    def settle(self) -> None:
        while self.workers.step() or self.results:
            self.take()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_an_early_job_and_its_final_are_one_job() -> None:
    rig = Rig()
    rig.hear(SAID[: RATE_HZ + 5_000])
    assert rig.shell.jobs_waiting == 1
    (job_id,) = rig.shell._asked
    assert rig.shell.is_early(job_id)
    rig.hear(SAID[RATE_HZ + 5_000 :])
    assert rig.shell.jobs_waiting == 1
    assert not rig.shell.is_early(job_id)
    rig.settle()
    assert rig.shell.jobs_waiting == 0
    assert len(rig.of(UtteranceFinal)) == 1
    assert len(rig.transcriber.lengths) == 1


def test_an_early_job_that_is_taken_back_does_not_count() -> None:
    rig = Rig()
    rig.hear(SAID[: RATE_HZ + 5_000])
    assert rig.shell.jobs_waiting == 1
    rig.hear(SAID[:RATE_HZ])
    assert rig.shell.jobs_waiting == 0
    rig.settle()
    assert rig.transcriber.lengths == []


def test_partials_do_not_count() -> None:
    rig = Rig(replace(MONO, partial_ms=320))
    rig.hear(SAID[:RATE_HZ])
    assert rig.workers.waiting()["partial"] == 1
    assert rig.shell.jobs_waiting == 0


def test_lateness_is_from_the_decision_to_the_text() -> None:
    rig = Rig(SessionSettings(1))
    rig.hear(SAID)
    rig.clock.pass_s(0.75)
    rig.settle()
    assert rig.late == [0.75]


def test_a_text_that_was_there_early_is_not_late() -> None:
    rig = Rig()
    rig.hear(SAID[: RATE_HZ + 5_000])
    rig.settle()
    rig.clock.pass_s(0.75)
    rig.hear(SAID[RATE_HZ + 5_000 :])
    assert rig.late == [0.0]
    assert len(rig.of(UtteranceFinal)) == 1


def test_an_early_reading_that_failed_is_read_again() -> None:
    class Unlucky(NotingTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            heard = super().transcribe(clips, decoding)
            if len(self.lengths) == 1:
                raise EngineError("not this time")
            return heard

    rig = Rig(transcriber=Unlucky())
    rig.hear(SAID[: RATE_HZ + 5_000])
    rig.settle()
    assert rig.shell.jobs_waiting == 0
    rig.hear(SAID[RATE_HZ + 5_000 :])
    rig.settle()
    assert len(rig.of(UtteranceFinal)) == 1
    assert len(rig.transcriber.lengths) == 2


def test_what_is_known_is_not_asked() -> None:
    words = (Word("they", 0, 50), Word("called", 50, 60), Word("again", 60, 100))
    spans = Rig(SessionSettings(1))
    spans.hear(SAID)
    (job_id,) = spans.shell._asked
    known: dict[str, Value] = {job_id: Transcription(words), "summarize": Summary("too_short")}
    rig = Rig(SessionSettings(1), known=known)
    rig.hear(SAID)
    rig.settle()
    rig.shell.end("hangup")
    rig.settle()
    (final,) = rig.of(UtteranceFinal)
    assert isinstance(final, UtteranceFinal)
    assert [word.text for word in final.words] == ["they", "called", "again"]
    assert DraftReady("draft-1", Summary("too_short")) in rig.events
    assert rig.transcriber.lengths == []


def test_turns_that_are_known_are_not_asked() -> None:
    turns = (Turn(0, RATE_HZ, "S1"), Turn(RATE_HZ, 2 * RATE_HZ, "S2"))
    rig = Rig(SessionSettings(1, diarize=True), known={"diarize": turns})
    rig.hear(SAID)
    rig.settle()
    rig.shell.end("hangup")
    rig.settle()
    assert [event.turns for event in rig.of(TurnsFound) if isinstance(event, TurnsFound)] == [turns]
    rig.shell.close()


def test_nobody_to_tell_speakers_apart_is_a_failure_and_not_a_wait() -> None:
    rig = Rig(SessionSettings(1, diarize=True))
    rig.hear(SAID)
    rig.shell.end("hangup")
    rig.settle()
    assert isinstance(rig.events[-1], CallClosed)


def test_a_long_silence_is_heard_in_pieces() -> None:
    rig = Rig()
    rig.shell.silence(0, 5 * SILENCE_BLOCK_SAMPLES + 7)
    assert rig.shell.heard() == 5 * SILENCE_BLOCK_SAMPLES + 7
    assert len(rig.shell._buffers[0]) < 2 * SILENCE_BLOCK_SAMPLES


def test_what_is_missing_is_a_gap_up_to_now() -> None:
    rig = Rig()
    rig.shell.missing(0, 0, "lost")
    assert rig.events == []
    rig.shell.silence(0, 16_000)
    rig.shell.missing(0, 0, "hold")
    assert rig.events == [AudioGap("g0-0", 0, 0, 16_000, "hold")]


def test_a_transfer_is_at_the_channel_that_is_ahead() -> None:
    rig = Rig(SessionSettings(2, ("agent", "customer")))
    rig.shell.silence(1, 5_000)
    rig.shell.transfer("bob", None)
    assert rig.events == [LegStarted("leg-1", 1, "bob", None, 5_000)]


def restored(rig: Rig) -> Rig:
    """A shell that goes on for another one, of which nothing but the snapshot is left."""
    finals = [event for event in rig.events if isinstance(event, UtteranceFinal)]
    return Rig(SessionSettings(1), Session.restore(rig.shell.session.snapshot(), finals))


def test_a_job_waits_for_its_audio_to_be_heard_again() -> None:
    first = Rig(SessionSettings(1))
    first.hear(SAID)
    first.hear(SAID)
    again = restored(first)
    again.shell.resume()
    assert again.shell.jobs_waiting == 0
    begin = again.shell.refill_from(0)
    assert begin == 0
    both = np.concatenate([SAID, SAID])
    again.hear(both[: RATE_HZ + 2_500])
    assert again.shell.jobs_waiting == 1
    again.hear(both[RATE_HZ + 2_500 :])
    assert again.shell.jobs_waiting == 2
    again.settle()
    first.settle()
    assert again.events == first.events
    assert again.shell.heard() == first.shell.heard()


def test_the_place_where_audio_goes_on_may_lie_inside_a_block() -> None:
    first = Rig(SessionSettings(1))
    first.hear(SAID[: RATE_HZ + 333])
    again = restored(first)
    again.shell.resume()
    again.shell.hear(0, SAID)
    first.hear(SAID[RATE_HZ + 333 :])
    for rig in (first, again):
        rig.settle()
        rig.shell.end("hangup")
        rig.settle()
    assert again.events == first.events


@pytest.mark.parametrize("heard_again", [0, 512, RATE_HZ + 2_000])
def test_silence_in_place_of_lost_audio_loses_its_jobs(heard_again: int) -> None:
    first = Rig(SessionSettings(1))
    first.hear(SAID)
    again = restored(first)
    again.shell.resume()
    again.hear(SAID[:heard_again])
    again.shell.silence(0, 3 * RATE_HZ)
    (lost,) = again.of(UtteranceLost)
    assert isinstance(lost, UtteranceLost)
    assert (lost.start_samples, lost.reason) == (0, "failed")
    assert again.transcriber.lengths == []


def test_audio_that_nobody_sends_again_is_lost_at_hang_up() -> None:
    first = Rig(SessionSettings(1))
    first.hear(SAID)
    again = restored(first)
    again.shell.resume()
    again.shell.end("interrupted")
    again.settle()
    assert [type(event) for event in again.events[:1]] == [UtteranceLost]
    assert isinstance(again.events[-1], CallClosed)
    assert again.events[-1].code == "interrupted"


def test_audio_of_a_call_that_had_ended_is_lost_once_it_is_forgone() -> None:
    first = Rig(SessionSettings(1))
    first.hear(SAID)
    first.shell.end("hangup")
    again = restored(first)
    again.shell.resume()
    again.settle()
    assert again.events == []
    again.shell.forgo()
    again.settle()
    assert [type(event) for event in again.events[:1]] == [UtteranceLost]
    assert isinstance(again.events[-1], CallClosed)
    assert again.events[-1].code == "hangup"


def test_a_diarizer_that_missed_the_beginning_is_not_asked() -> None:
    mono = SessionSettings(1, diarize=True)
    first = Rig(mono, diarizer=HalvesDiarizer())
    first.hear(SAID)
    first.settle()
    finals = [event for event in first.events if isinstance(event, UtteranceFinal)]
    again = Rig(mono, Session.restore(first.shell.session.snapshot(), finals), diarizer=HalvesDiarizer())
    again.hear(np.concatenate([SAID, SAID])[again.shell.refill_from(0) :])
    again.shell.end("hangup")
    again.settle()
    assert isinstance(again.events[-1], CallClosed)
    assert again.of(TurnsFound) == []
    first.shell.close()


def test_a_closed_shell_wants_nothing() -> None:
    rig = Rig(SessionSettings(1))
    rig.hear(SAID)
    rig.shell.close()
    assert not rig.workers.step()
    assert rig.transcriber.lengths == []


def test_nothing_is_told_of_a_call_that_is_closed() -> None:
    rig = Rig()
    rig.hear(np.zeros(RATE_HZ, np.float32))
    rig.shell.end("hangup")
    rig.settle()
    assert isinstance(rig.events[-1], CallClosed)
    rig.shell.flush(())
    assert isinstance(rig.events[-1], CallClosed)


def test_a_call_that_ended_tells_when_its_last_text_is_out() -> None:
    rig = Rig()
    rig.hear(SAID[: RATE_HZ // 2])
    rig.shell.end("hangup")
    rig.shell.flush(())
    assert rig.of(Flushed) == []
    rig.settle()
    kinds = [type(event) for event in rig.events]
    assert kinds.index(UtteranceFinal) < kinds.index(Flushed) < kinds.index(DraftReady)

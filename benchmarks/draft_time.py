"""Time from hang-up to the draft, and what was sent for it, by length of the call.

    python benchmarks/draft_time.py [--minutes 5 30 120] [--repeat 5] [--pace TTFT_S PROMPT_A_S ANSWER_A_S]

Calls are the sample calls one after the other, their texts as written. They pass on a clock of their own;
from hang-up on it is the machine's. Texts are there at once, so that what is measured begins with the last
of them. `extractive` runs on the workers' threads. `openai` is the adapter of language models against a
server on the loopback, which answers as late as a model of that pace would: the first token after TTFT_S and
the prompt's tokens at PROMPT_A_S a second, the others at ANSWER_A_S a second. While the call goes on it
answers at once: notes of chunks have minutes. Tokens are characters / 4. "whole" is the same without notes
of chunks. Needs the tests' packages.
"""

from __future__ import annotations

import argparse
import json
import math
import queue
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from models import registry
from models.ports import Summarizer, SummarizerOptions
from models.types import RATE_HZ, Transcription, Word
from pipeline.app import OpenEngines
from pipeline.config import load_config
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import CancelJob, DraftReady, Heard, Output, Result, SummarizeJob, TranscribeJob
from pipeline.core.session import Session, SessionSettings
from pipeline.workers import Desk, Engines, Workers
from tests.llm_server import LanguageServer, Reply, Said, Seen, note

SAMPLES = Path(__file__).parent.parent / "sample_calls"
STEP_WINDOWS = 31
STATEMENTS = 6
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True)
class Spoken:
    """One word at its place on the call's clock."""

    text: str
    start_s: float
    end_s: float


@dataclass
class Model:
    """A language model's pace; `tokens` counts what it was sent and what it answered."""

    ttft_s: float
    prompt_a_s: float
    answer_a_s: float
    hurries: bool = True
    tokens: int = 0
    drafts: list[int] = field(default_factory=list)

    def answer(self, seen: Seen) -> Reply:
        """Statements that quote lines out of all of the call, as late as the model would be."""
        lines = seen.lines
        picked = lines[:: max(1, len(lines) // STATEMENTS)][:STATEMENTS]
        text = note(*(("key_facts", words, [number]) for number, _, words in picked))
        prompt = len(json.dumps(seen.body)) // CHARACTERS_A_TOKEN
        answer = len(text) // CHARACTERS_A_TOKEN
        self.tokens += prompt + answer
        if not self.hurries:
            self.drafts.append(prompt + answer)
            time.sleep(self.ttft_s + prompt / self.prompt_a_s + answer / self.answer_a_s)
        return Said(text, pieces=len(text))


def words_of(minutes: float) -> list[list[Spoken]]:
    """Words by channel of a call of this length."""
    channels: list[list[Spoken]] = [[], []]
    files = sorted(path for path in SAMPLES.glob("[0-9]*.json") if path.name.count(".") == 1)
    at_s, number = 0.0, 0
    while at_s < minutes * 60:
        call = json.loads(files[number % len(files)].read_text("utf-8"))
        for segment in call["segments"]:
            said = segment["text"].split()
            each_s = (segment["end"] - segment["start"]) / max(1, len(said))
            for place, text in enumerate(said):
                start_s = at_s + segment["start"] + place * each_s
                channels[segment["channel"]].append(Spoken(text, start_s, start_s + each_s))
        at_s, number = at_s + call["duration"] + 1.0, number + 1
    return channels


class Played:
    """A call that is heard on a clock of its own, with its jobs."""

    def __init__(self, words: list[list[Spoken]], settings: SessionSettings, workers: Workers) -> None:
        self._words = words
        self._session = Session(settings)
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._desk: Desk = workers.desk(self._results.put)
        self._notes = 0
        self._now_s = 0.0
        self.drafts: list[DraftReady] = []

    def hear(self) -> None:
        """All of the call; texts and notes are answered as they are asked for."""
        end_s = max(said[-1].end_s for said in self._words)
        scores = [_scores(said, end_s) for said in self._words]
        for first in range(0, len(scores[0]), STEP_WINDOWS):
            self._now_s = first * WINDOW_SAMPLES / RATE_HZ
            for channel, all_of_it in enumerate(scores):
                some = tuple(all_of_it[first : first + STEP_WINDOWS])
                self._act(self._session.push(Heard(channel, len(some) * WINDOW_SAMPLES, some), self._now_s))
            while self._notes:
                self._take(self._results.get())

    def hang_up(self) -> float:
        """Seconds from hang-up to the draft."""
        base_s, began_s = self._now_s, time.monotonic()
        self._act(self._session.end("hangup", base_s))
        while not self.drafts:
            wake_at_s = self._session.wake_at_s
            left_s = math.inf if wake_at_s is None else max(0.0, wake_at_s - self._now_s)
            try:
                result = self._results.get(timeout=min(left_s, 60.0))
            except queue.Empty:
                self._now_s = base_s + time.monotonic() - began_s
                self._act(self._session.advance(self._now_s))
            else:
                self._now_s = base_s + time.monotonic() - began_s
                self._take(result)
        self._desk.close()
        return time.monotonic() - began_s

    def _take(self, result: Result) -> None:
        self._notes -= 1
        self._desk.came(result.job_id)
        self._act(self._session.push(result, self._now_s))

    def _act(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, TranscribeJob):
                self._act(self._session.push(Result(output.id, self._text(output)), self._now_s))
            elif isinstance(output, SummarizeJob):
                self._notes += 1
                self._desk.summarize(output)
            elif isinstance(output, CancelJob):
                self._desk.cancel(output.id)
            elif isinstance(output, DraftReady):
                self.drafts.append(output)

    def _text(self, job: TranscribeJob) -> Transcription:
        first_s, last_s = job.start_samples / RATE_HZ, job.end_samples / RATE_HZ
        said = [one for one in self._words[job.channel] if first_s <= (one.start_s + one.end_s) / 2 < last_s]
        return Transcription(
            tuple(
                Word(one.text, _samples(one.start_s - first_s), _samples(one.end_s - first_s)) for one in said
            )
        )


def _samples(seconds: float) -> int:
    return max(0, round(seconds * RATE_HZ))


def _scores(said: Sequence[Spoken], end_s: float) -> list[float]:
    """Voice scores: speech where there are words."""
    scores = [0.0] * (round(end_s * RATE_HZ) // WINDOW_SAMPLES + 1)
    for one in said:
        first, last = (int(at_s * RATE_HZ) // WINDOW_SAMPLES for at_s in (one.start_s, one.end_s))
        scores[first : last + 1] = [0.9] * (last + 1 - first)
    return scores


def p95(seconds: Sequence[float]) -> float:
    """By nearest rank."""
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def measure(summarizer: Summarizer, model: Model, minutes: float, repeat: int, chunks: bool) -> str:
    """A row of the table."""
    embedded = registry.engine("summarizer", "extractive")
    transcriber = registry.engine("asr", "scripted")
    engines = OpenEngines(transcriber, summarizer, registry.engine("voice", "silero"), stand_in=embedded)
    note_settings = engines.notes(load_config().note, live=True)
    if not chunks:
        note_settings = replace(note_settings, chunk_words=None)
    settings = SessionSettings(2, ("agent", "customer"), note=note_settings)
    words = words_of(minutes)
    seconds: list[float] = []
    stood_in = 0
    model.tokens, model.drafts = 0, []
    with Workers(Engines(transcriber, summarizer, stand_in=embedded), 2, live=False) as workers:
        for _ in range(repeat):
            call = Played(words, settings, workers)
            model.hurries = True
            call.hear()
            model.hurries = False
            seconds.append(call.hang_up())
            stood_in += call.drafts[0].summary.stand_in is not None
    after = sum(model.drafts) // repeat
    how = "chunks" if chunks else "whole"
    count = sum(map(len, words))
    return (
        f"| {minutes:.0f} | {count} | {how} | {p95(seconds):.2f} | {max(seconds):.2f} | "
        f"{model.tokens // repeat} | {after} | {stood_in}/{repeat} |"
    )


def tell(line: str) -> None:
    """A line as soon as it is known."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, nargs="+", default=[5, 30, 120])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--pace", type=float, nargs=3, default=[0.3, 5_000, 80])
    given = parser.parse_args()
    model = Model(*given.pace)
    head = "| minutes | words | what is read | P95 s | max s | tokens a call | after hang-up | stood in |"
    with LanguageServer(model.answer) as server:
        options = SummarizerOptions()
        for name in ("extractive", f"openai:modelled@{server.url}#words=60000"):
            tell(f"\n{name.split(':')[0]}\n\n{head}\n|{'---|' * 8}")
            for minutes in given.minutes:
                for chunks in (True, False):
                    chosen = registry.engine("summarizer", name, options)
                    tell(measure(chosen, model, minutes, given.repeat, chunks))


if __name__ == "__main__":
    main()

"""What partials cost the embedded transcriber with drafts and without, and whether drafts change a text.

    python -m benchmarks.partials FOLDER... [--every-s 0.5] [--most 100]

Recordings are cut into utterances as a call is. Each is read again and again as it grows, from one second on,
as a live call would: once from scratch, once with the tokens of the reading before as the draft. CPU time is
that of the reading thread; the whole utterance, which a final reads, is not counted among the partials.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from models import registry
from models.asr.moonshine import Moonshine
from models.ports import VAD_WINDOW_SAMPLES, Decoding
from models.types import RATE_HZ, Samples
from pipeline.core.endpointing import Endpointer, EndpointSettings
from pipeline.doors.files import blocks, find_audio, probe

FIRST_S = 1.0


@dataclass(slots=True)
class Cost:
    """CPU seconds of one way to read, and of the encoder in it; steps of the decoder; texts."""

    cpu_s: float = 0.0
    encoder_s: float = 0.0
    steps: int = 0
    texts: int = 0
    changed: int = 0

    @property
    def decoder_s(self) -> float:
        """All but the encoder."""
        return self.cpu_s - self.encoder_s


class Timed:
    """A session that counts what it is asked and the CPU seconds that it takes."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.cpu_s = 0.0
        self.runs = 0

    def run(self, outputs: Sequence[str] | None, feed: dict[str, Any]) -> Any:
        """As a session."""
        started_s = time.thread_time()
        answers = self._session.run(outputs, feed)
        self.cpu_s += time.thread_time() - started_s
        self.runs += 1
        return answers


class Reader:
    """The transcriber with both networks timed."""

    def __init__(self) -> None:
        engine = registry.engine("asr", "moonshine")
        assert isinstance(engine, Moonshine)
        self._engine = engine
        self._encoder = engine._encoder = Timed(engine._encoder)
        self._decoder = engine._decoder._session = Timed(engine._decoder._session)

    def read(self, clip: Samples, draft: tuple[int, ...], cost: Cost) -> tuple[int, ...]:
        """Tokens of a clip; what it took is added to `cost`."""
        before = (time.thread_time(), self._encoder.cpu_s, self._decoder.runs)
        (heard,) = self._engine.transcribe([clip], Decoding(draft=draft))
        cost.cpu_s += time.thread_time() - before[0]
        cost.encoder_s += self._encoder.cpu_s - before[1]
        cost.steps += self._decoder.runs - before[2]
        cost.texts += 1
        return heard.tokens


def utterances_of(folders: Sequence[Path]) -> Iterator[Samples]:
    """Utterances of all channels under the folders, as the default endpointing cuts them."""
    voice = registry.engine("voice", "silero")
    for path in find_audio(list(folders)):
        for channel in np.concatenate(list(blocks(probe(path))), axis=1):
            whole = len(channel) // VAD_WINDOW_SAMPLES * VAD_WINDOW_SAMPLES
            scores = voice.open().score(channel[:whole].reshape(-1, VAD_WINDOW_SAMPLES))
            endpointer = Endpointer(EndpointSettings())
            for span in endpointer.push(scores.tolist()) + endpointer.end(whole):
                yield np.ascontiguousarray(channel[span.start_samples : span.end_samples])


def measure(clips: Sequence[Samples], every_s: float) -> tuple[Cost, Cost, Cost]:
    """Costs of the partials from scratch and with drafts, and of the finals with drafts."""
    reader = Reader()
    scratch, drafted, final = Cost(), Cost(), Cost()
    for clip in clips:
        draft: tuple[int, ...] = ()
        for length in range(round(FIRST_S * RATE_HZ), len(clip), round(every_s * RATE_HZ)):
            plain = reader.read(clip[:length], (), scratch)
            draft = reader.read(clip[:length], draft, drafted)
            drafted.changed += plain != draft
        plain = reader.read(clip, (), Cost())
        final.changed += plain != reader.read(clip, draft, final)
    return scratch, drafted, final


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every-s", type=float, default=0.5)
    parser.add_argument("--most", type=int, default=100)
    given = parser.parse_args()
    longer = [clip for clip in utterances_of(given.folders) if len(clip) > FIRST_S * RATE_HZ]
    clips = longer[:: max(1, len(longer) // given.most)][: given.most]
    names = ("partials from scratch", "partials with drafts", "finals with drafts")
    table = Table("", "texts", "CPU s", "encoder", "decoder", "steps", "texts changed")
    for name, cost in zip(names, measure(clips, given.every_s), strict=True):
        figures = (f"{seconds:.1f}" for seconds in (cost.cpu_s, cost.encoder_s, cost.decoder_s))
        table.add_row(name, str(cost.texts), *figures, str(cost.steps), str(cost.changed))
    console = Console(width=110, highlight=False)
    console.print(table)
    speech_s = sum(map(len, clips)) / RATE_HZ
    console.print(f"{len(clips)} utterances, {speech_s:.0f} s of speech, a partial each {given.every_s} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

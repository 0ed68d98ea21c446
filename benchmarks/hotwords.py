"""What hotwords gain on names that the embedded transcriber misreads, and what they cost where none is said.

    python -m benchmarks.hotwords FOLDER... [--token-nats 5] [--hotword-nats 10]

Gain: flite speaks bank sentences with invented names, in four voices; the names
are the hotwords. Those of the first half chose the budget, those of the second were not looked at. Harm: the
clips of the folders' recordings (see `benchmarks.asr_adapter`) with all these names as hotwords.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.asr_adapter import Clip, clips_of
from eval.asr import count_errors
from eval.counts import ErrorCounts
from eval.normalizer import words_of
from models import registry
from models.asr import moonshine
from models.asr.biasing import Budget
from models.ports import PLAIN, Decoding, Transcriber
from models.types import RATE_HZ
from pipeline.doors.files import blocks, probe

CHOSEN_ON = (
    *(
        "Zelvora",
        "Kestrel Card",
        "Brightpenny",
        "Ostermark",
        "Vantiva",
        "Pelligrew",
        "Quillon",
        "Tamsin Okafor",
    ),
    *("Marlowe Bank", "Savoro", "Corvane", "Nimbra", "Dunhollow", "Ardenne", "Ravi Chandran", "Lumico"),
    *("Halvorsen", "Fenwick", "Sablepay", "Castellane", "Orinda Plus", "Wexcombe", "Yarrowgate", "Tolliver"),
    "Primavest",
)
HELD_OUT = (
    *(
        "Bellamere",
        "Crestfold",
        "Jovanovic",
        "Merivane",
        "Novacredit",
        "Penhallow",
        "Solvanta",
        "Thistledown",
    ),
    *("Umberline", "Verity Gold", "Wyndmoor", "Anselm Bank", "Birchwell", "Kowalski", "Drayton", "Everspend"),
    *(
        "Falkirk",
        "Gantry Pay",
        "Hollister",
        "Ingersoll",
        "Lakshmi Rao",
        "Mondello",
        "Oakhaven",
        "Saffron Saver",
    ),
    "Tarrington",
)
SENTENCES = (
    "I have a question about {} on my statement.",
    "My last payment to {} did not go through.",
    "Can you tell me how {} works for a savings account?",
    "I talked to {} about the overdraft fee yesterday.",
)
VOICES = ("slt", "rms", "awb", "kal16")


def spoken(names: Sequence[str]) -> list[Clip]:
    """A sentence a name and voice, with half a second of faint noise around it."""
    noise = np.random.default_rng(0)
    clips = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        for name in names:
            for sentence, voice in zip(SENTENCES, VOICES, strict=True):
                text = sentence.format(name)
                subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
                audio = np.pad(np.concatenate(list(blocks(probe(path))), axis=1)[0], RATE_HZ // 2)
                audio = audio + noise.normal(0, 1e-3, len(audio))
                clips.append(Clip(audio.astype(np.float32), text))
    return clips


def found(clips: Sequence[Clip], names: Sequence[str], texts: Sequence[str]) -> int:
    """In how many texts the clip's own name stands as it is written."""
    return sum(
        any(name in clip.text and name in text for name in names)
        for clip, text in zip(clips, texts, strict=True)
    )


def read(engine: Transcriber, clips: Sequence[Clip], decoding: Decoding) -> tuple[list[str], float]:
    """Texts and CPU seconds."""
    started_s = time.thread_time()
    texts = [engine.transcribe([clip.audio], decoding)[0].text for clip in clips]
    return texts, time.thread_time() - started_s


def errors(clips: Sequence[Clip], texts: Sequence[str]) -> ErrorCounts:
    """Word errors of texts."""
    counts = [count_errors(words_of(c.text), words_of(t)) for c, t in zip(clips, texts, strict=True)]
    return sum(counts, ErrorCounts())


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--token-nats", type=float, default=moonshine.HOTWORD_BUDGET.token_nats)
    parser.add_argument("--hotword-nats", type=float, default=moonshine.HOTWORD_BUDGET.hotword_nats)
    given = parser.parse_args()
    moonshine.HOTWORD_BUDGET = Budget(given.token_nats, given.hotword_nats)
    engine: Transcriber = registry.engine("asr", "moonshine")
    table = Table(
        "", "clips", "names right", "with hotwords", "WER", "with hotwords", "CPU s", "with hotwords"
    )
    every = (*CHOSEN_ON, *HELD_OUT)
    for what, clips, names in (
        ("names that chose the budget", spoken(CHOSEN_ON), CHOSEN_ON),
        ("names held out", spoken(HELD_OUT), HELD_OUT),
        ("recordings without them", clips_of(given.folders), ()),
    ):
        plain, plain_s = read(engine, clips, PLAIN)
        biased, biased_s = read(engine, clips, Decoding(hotwords=every))
        rights = [str(found(clips, names, texts)) if names else "" for texts in (plain, biased)]
        rates = [f"{errors(clips, texts).rate or 0:.3f}" for texts in (plain, biased)]
        table.add_row(what, str(len(clips)), *rights, *rates, f"{plain_s:.1f}", f"{biased_s:.1f}")
    Console(width=110, highlight=False).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The transcriber of the package moonshine-voice itself: an oracle and a baseline."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from models.types import RATE_HZ, Samples
from pipeline.doors.files import blocks, probe
from pipeline.formats.segments import Segment


class PackageTranscriber:
    """Whole files by the package's own voice activity and decoder. One call at a time: it shares state."""

    def __init__(self, **options: str) -> None:
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber

        spec = find_spec("moonshine_voice")
        assert spec is not None
        assert spec.origin is not None
        self._lock = threading.Lock()
        self._engine = Transcriber(
            Path(spec.origin).parent / "assets" / "tiny-en",
            ModelArch.TINY,
            options={"return_audio_data": "false"} | options,
        )

    def texts(self, audio: Samples) -> list[str]:
        """The lines heard in audio of shape (n,) at `RATE_HZ`."""
        with self._lock:
            found = self._engine.transcribe_without_streaming(audio.tolist(), RATE_HZ)
        return [line.text for line in found.lines]

    def segments(self, path: Path) -> list[Segment]:
        """A one-channel file as one segment without times."""
        audio = np.concatenate(list(blocks(probe(path))), axis=1)[0]
        return [Segment("S1", None, None, " ".join(self.texts(audio)))]

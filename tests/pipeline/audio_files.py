"""Audio files that tests write, by PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from models.types import Samples


def tone(duration_s: float, rate_hz: int, hz: float = 440.0, level: float = 0.3) -> Samples:
    """A sine, shape (n,)."""
    at = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def write_audio(path: Path, channels: list[Samples], rate_hz: int, codec: str = "pcm_s16le") -> Path:
    """Encode planar float32 channels of one length; the container goes by the suffix."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout=layout,
            rate=rate_hz,
            frame_size=stream.codec_context.frame_size or 1024,
        )
        frame = av.AudioFrame.from_ndarray(np.stack(channels), format="fltp", layout=layout)
        frame.sample_rate = rate_hz
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path

"""Speech, line and music of the sample calls: everything here gives the same samples for the same input.

Audio is pydub's `AudioSegment` where it is cut, set louder and laid on a time line, and a numpy array of
int16 at `RATE_HZ` where the telephone line is applied to it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray
from pydub import AudioSegment
from pydub.generators import Sine
from script import Voice

RATE_HZ = 8_000
SPEECH_DBFS = -23.0
PEAK_DBFS = -6.5
"""Below half of full scale, so that a mono mix of two channels never clips."""
MUSIC_DBFS = -27.0
BAND_HZ = (300.0, 3_400.0)
HANDSET_TILT = 0.6
"""A handset sends high sounds louder than low ones (ITU-T P.48); a first difference comes near to it."""

Samples = NDArray[np.int16]


class Phone(NamedTuple):
    """One sound of speech, in seconds from the start of what flite wrote."""

    start_s: float
    end_s: float


def speak(voice: Voice, text: str) -> AudioSegment:
    """`text` in `voice`, from its first phone to its last; what follows " / " is cut off."""
    heard, _, rest = text.partition(" / ")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        count = len(_flite(voice, heard, path))
        phones = _flite(voice, f"{heard} {rest}".strip(), path)
        spoken = AudioSegment.from_file(path, format="wav")
    spoken = spoken[round(phones[0].start_s * 1000) : round(phones[count - 1].end_s * 1000)]
    samples = np.frombuffer(spoken.raw_data, dtype=np.int16).astype(np.float32)
    at_rate = soxr.resample(samples, spoken.frame_rate * voice.shift, RATE_HZ)
    whole = at_rate[: at_rate.size - at_rate.size % (RATE_HZ // 1000)] / 2
    whole[1:] -= HANDSET_TILT * whole[:-1]
    return _level(_segment(np.rint(whole).astype(np.int16)), SPEECH_DBFS)


def _flite(voice: Voice, text: str, path: Path) -> list[Phone]:
    """Write the speech to `path`; gives its phones in order, pauses left out."""
    stretch = f"duration_stretch={voice.shift * voice.pace}"
    command = ["flite", "-voice", voice.voice, "--setf", stretch, "-psdur", "-t", text, "-o", str(path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    phones, start_s = [], 0.0
    for name, end in re.findall(r"(\w+):([\d.]+)", answer.stdout):
        if name != "pau":
            phones.append(Phone(start_s, float(end)))
        start_s = float(end)
    return phones


def _level(audio: AudioSegment, dbfs: float) -> AudioSegment:
    """`audio` at the given loudness, or as near to it as the peak allows."""
    return audio.apply_gain(min(dbfs - audio.dBFS, PEAK_DBFS - audio.max_dBFS))


def hold_music(length_ms: int) -> AudioSegment:
    """A slow run of broken chords (C, A minor, F, G), faded in and out."""
    chords_hz = ((523.3, 659.3, 784.0), (440.0, 523.3, 659.3), (349.2, 440.0, 523.3), (392.0, 493.9, 587.3))
    tune = AudioSegment.silent(length_ms, frame_rate=RATE_HZ)
    for beat, at_ms in enumerate(range(0, length_ms, 400)):
        pitch_hz = chords_hz[beat // 6 % 4][(0, 1, 2, 1, 2, 1)[beat % 6]]
        note = Sine(pitch_hz, sample_rate=RATE_HZ).to_audio_segment(900).fade_in(15).fade_out(880)
        tune = tune.overlay(note - 12, position=at_ms)
    return _level(tune.fade_in(300).fade_out(600), MUSIC_DBFS)


def telephone(track: AudioSegment, noise_dbfs: float, seed: int) -> AudioSegment:
    """The track as a telephone line carries it: noise added, 300-3400 Hz, coded as mu-law and back."""
    speech = np.frombuffer(track.raw_data, dtype=np.int16).astype(np.float64)
    noise = np.random.default_rng(seed).standard_normal(speech.size)
    hiss = _band_pass(noise)
    hiss *= 32_768 * 10 ** (noise_dbfs / 20) / np.sqrt(np.mean(hiss**2))
    return _segment(_mulaw(_band_pass(speech) + hiss))


def _band_pass(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Windowed-sinc filter of 257 taps, linear phase, its delay taken out."""
    taps = np.arange(-128, 129)
    low, high = (2 * edge_hz / RATE_HZ for edge_hz in BAND_HZ)
    kernel = (high * np.sinc(high * taps) - low * np.sinc(low * taps)) * np.hamming(taps.size)
    return np.convolve(samples, kernel, mode="same")


def _mulaw(samples: NDArray[np.float64]) -> Samples:
    """There and back through the 8 bits of ITU-T G.711, on its 14-bit scale (bias 33)."""
    magnitude = np.minimum(np.rint(np.abs(samples) / 4), 8_158) + 33
    step = 2.0 ** (np.floor(np.log2(magnitude)) - 4)
    decoded = (np.floor(magnitude / step) + 0.5) * step - 33
    return (4 * np.copysign(decoded, samples)).astype(np.int16)


def _segment(samples: Samples) -> AudioSegment:
    """Mono int16 samples at `RATE_HZ` as pydub holds them."""
    return AudioSegment(samples.tobytes(), frame_rate=RATE_HZ, sample_width=2, channels=1)

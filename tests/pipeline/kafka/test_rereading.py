"""A call that is read again from its log is heard the same: rates, holds, holes, pieces of any length."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ, Samples
from pipeline.core.session import Session, SessionSettings
from pipeline.kafka.rereading import Rereading
from pipeline.live.absences import Absence, Absences
from pipeline.live.tracks import Track
from pipeline.shell import wanted_again
from tests.pipeline.test_shell import Rig

AGAIN = RATE_HZ // 4


def noise(rate_hz: int, seconds: float) -> Samples:
    return np.random.default_rng(3).uniform(-0.5, 0.5, round(seconds * rate_hz)).astype(np.float32)


def heard_by(rate_hz: int, audio: Samples) -> Samples:
    """What a track makes of it from its beginning."""
    return np.concatenate([piece.samples for piece in Track(rate_hz, 0).push(audio, 0)])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_what_is_heard_again_is_what_was_heard_bit_by_bit(rate_hz: int) -> None:
    audio = noise(rate_hz, 3.0)
    whole = heard_by(rate_hz, audio)
    first = Rig(SessionSettings(1))
    first.hear(whole[: 2 * RATE_HZ])
    session = Session.restore(first.shell.session.snapshot(), [])
    again = Rig(SessionSettings(1), session, again_samples=AGAIN)
    start = again.shell.refill_from(0)
    assert start == wanted_again(session, 0, AGAIN)
    rereading = Rereading(again.shell, Absences.new(1))
    step = round(0.3 * rate_hz)
    for at in range(0, 2 * rate_hz, step):
        rereading.hear(0, rate_hz, at, audio[at : at + step])
    assert again.shell.behind(0) == 0
    cut = again.shell._buffers[0].cut(2 * RATE_HZ - 512, 2 * RATE_HZ)
    assert np.array_equal(cut, whole[2 * RATE_HZ - 512 : 2 * RATE_HZ])


def test_what_was_hidden_is_hidden_again_and_holes_are_silence() -> None:
    audio = noise(RATE_HZ, 2.0)
    first = Rig(SessionSettings(1))
    first.hear(audio)
    session = Session.restore(first.shell.session.snapshot(), [])
    again = Rig(SessionSettings(1), session, again_samples=2 * RATE_HZ)
    absences = Absences.new(1)
    absences.begin(0, Absence("pause", RATE_HZ // 2, 0.0))
    absences.end(0, RATE_HZ, 0)
    rereading = Rereading(again.shell, absences)
    rereading.hear(0, RATE_HZ, 0, audio[: RATE_HZ + 800])
    rereading.hear(0, RATE_HZ, RATE_HZ + 1_600, audio[RATE_HZ + 1_600 :])
    expected = audio.copy()
    expected[RATE_HZ // 2 : RATE_HZ] = 0
    expected[RATE_HZ + 800 : RATE_HZ + 1_600] = 0
    begin = again.shell._buffers[0].start_samples
    assert np.array_equal(again.shell._buffers[0].cut(begin, 2 * RATE_HZ), expected[begin:])

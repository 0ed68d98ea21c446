"""Diarizers that decide without audio."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from models import registry
from models.errors import ConfigError, MissingExtraError


@pytest.mark.parametrize("name", ["channels", "none"])
def test_policies_need_no_audio_and_give_no_turns(name: str) -> None:
    engine = registry.engine("diarizer", name)
    assert engine.version == name
    assert engine.needs_audio is False
    assert engine.online is False
    stream = engine.open()
    stream.push(np.ones(16_000, dtype=np.float32))
    assert stream.so_far() == stream.end() == []


@pytest.mark.parametrize("name", ["channels:2", "none:all"])
def test_policies_refuse_an_argument(name: str) -> None:
    with pytest.raises(ConfigError, match="takes no argument"):
        registry.engine("diarizer", name)


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delenv("PYANNOTE_METRICS_ENABLED", raising=False)
    with pytest.raises(MissingExtraError, match="make install EXTRA=torch"):
        registry.engine("diarizer", "pyannote")

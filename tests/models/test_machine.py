"""Facts of the machine, engine states, and the defaults that follow from them."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models import machine
from models.catalogue import find, pullable
from models.machine import Accelerator
from models.registry import KINDS, names

CPU = Accelerator("cpu", 0, "")
CUDA = Accelerator("cuda", 1, "")


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "weights"


def put(folder: Path, *wanted: str) -> None:
    for name in wanted:
        for file in find(name).files:
            path = folder / name.replace(":", "/") / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")


def pretend(monkeypatch: pytest.MonkeyPatch, **modules: bool) -> None:
    """Modules that are, or are not, installed as far as the machine can see; "__" stands for a dot."""
    known = {name.replace("__", "."): there for name, there in modules.items()}
    real = importlib.util.find_spec
    monkeypatch.setattr(
        machine, "find_spec", lambda name: (known[name] or None) if name in known else real(name)
    )


def test_without_whisper_weights_the_embedded_engine_is_used() -> None:
    name, reason = machine.choose_default_asr()
    assert name == "moonshine"
    assert "no Whisper weights" in reason


def test_whisper_is_used_when_its_weights_are_here(empty_machine: Path) -> None:
    put(empty_machine, "faster-whisper:tiny.en")
    assert machine.choose_default_asr() == ("faster-whisper:tiny.en", "its weights are on this machine")


def test_whisper_weights_without_the_package_are_no_use(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_machine, "faster-whisper:tiny.en")
    pretend(monkeypatch, faster_whisper=False)
    assert machine.choose_default_asr()[0] == "moonshine"


@pytest.mark.parametrize(("device", "best"), [(CPU, "small.en"), (CUDA, "large-v3-turbo")])
def test_of_several_whispers_the_machine_decides(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, device: Accelerator, best: str
) -> None:
    monkeypatch.setattr(machine, "accelerator", lambda: device)
    put(empty_machine, *(f"faster-whisper:{one}" for one in ("tiny.en", "small.en", "large-v3-turbo")))
    name, reason = machine.choose_default_asr()
    assert name == f"faster-whisper:{best}"
    assert "3 sets" in reason


def test_every_whisper_of_the_catalogue_has_its_place_in_the_order() -> None:
    known = {row.name.partition(":")[2] for row in pullable() if row.kind == "asr"}
    assert all(set(order) == known for order in machine.PREFERRED_ASR.values())


def test_a_stereo_call_needs_no_diarizer() -> None:
    assert machine.choose_default_diarizer(2)[0] == "channels"


def test_a_mono_call_gets_pyannote_only_with_package_and_weights(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.choose_default_diarizer(1)[0] == "moonshine"
    put(empty_machine, "pyannote:community-1")
    pretend(monkeypatch, torch=False, pyannote__audio=False)
    assert machine.choose_default_diarizer(1)[0] == "moonshine"
    pretend(monkeypatch, torch=True, pyannote__audio=True, models__diarization__pyannote=True)
    assert machine.choose_default_diarizer(1)[0] == "pyannote"


def test_the_default_summarizer_needs_nothing() -> None:
    assert machine.choose_default_summarizer()[0] == "extractive"


def test_states_name_what_is_missing_and_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, torch=False, transformers=False)
    state = machine.engine_state("asr", "transformers")
    assert (state.usable, state.missing) == (False, "package torch, transformers")
    assert state.remedy == "make install EXTRA=torch"
    pretend(monkeypatch, onnxruntime=False)
    state = machine.engine_state("voice", "silero")
    assert state.remedy == "install the Python package onnxruntime again"
    pretend(monkeypatch, torch=True, pyannote__audio=True, models__diarization__pyannote=True)
    state = machine.engine_state("diarizer", "pyannote")
    assert (state.missing, state.remedy) == ("weights", "wrapup models pull pyannote:community-1")


def test_a_row_of_another_package_is_judged_by_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "rows", lambda: {"asr:theirs": "json:loads", "asr:lost": "no_such.deep:x"})
    assert machine.engine_state("asr", "theirs").usable
    assert machine.engine_state("asr", "lost").missing == "module no_such.deep"


def test_whisper_is_usable_with_any_of_its_weights(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, models__asr__faster_whisper=True)
    assert (
        machine.engine_state("asr", "faster-whisper").remedy == "wrapup models pull faster-whisper:small.en"
    )
    put(empty_machine, "faster-whisper:base.en")
    assert machine.engine_state("asr", "faster-whisper").usable


def test_embedded_weights_that_are_gone_name_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, models__voice__silero=True)
    monkeypatch.setattr(machine, "find_weights", lambda _: None)
    state = machine.engine_state("voice", "silero")
    assert (state.missing, state.remedy) == ("weights", "install the Python package faster-whisper again")


def test_the_facts_hold_all_engines_and_are_frozen() -> None:
    facts = machine.look()
    assert {(state.kind, state.name) for state in facts.engines} == {
        (kind, name) for kind in KINDS for name in names(kind)
    }
    assert facts.cores >= 1
    assert {package.name: package.version for package in facts.packages}["onnxruntime"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.cores = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("100000 100000", 1), ("150000 100000", 1), ("10000 100000", 1), ("max 100000", None)],
)
def test_a_containers_quota_limits_the_cores(tmp_path: Path, quota: str, expected: int | None) -> None:
    unlimited = machine.cores(tmp_path)
    (tmp_path / "cpu.max").write_text(quota)
    assert machine.cores(tmp_path) == (expected or unlimited)


def test_a_containers_limit_bounds_the_memory(tmp_path: Path) -> None:
    unlimited = machine.memory_bytes(tmp_path)
    assert unlimited
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory_bytes(tmp_path) == unlimited
    (tmp_path / "memory.max").write_text("1000000\n")
    assert machine.memory_bytes(tmp_path) == 1_000_000


def fake_module(**attributes: Any) -> Any:
    return SimpleNamespace(__version__="1.0", **attributes)


def broken() -> int:
    raise RuntimeError("CUDA driver version is insufficient")


@pytest.mark.parametrize(
    ("ctranslate2", "torch", "expected"),
    [
        (lambda: 2, lambda: 0, Accelerator("cuda", 2, "ctranslate2 1.0")),
        (lambda: 0, lambda: 1, Accelerator("cuda", 1, "torch 1.0")),
        (lambda: 0, lambda: 0, Accelerator("cpu", 0, "no CUDA device found")),
        (broken, lambda: 0, Accelerator("cpu", 0, "no CUDA device found")),
        (broken, None, Accelerator("cpu", 0, "no CUDA device found")),
    ],
)
def test_the_accelerator(
    monkeypatch: pytest.MonkeyPatch, ctranslate2: Any, torch: Any, expected: Accelerator
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", fake_module(get_cuda_device_count=ctranslate2))
    pretend(monkeypatch, ctranslate2=True, torch=torch is not None)
    if torch is not None:
        cuda = SimpleNamespace(device_count=torch)
        monkeypatch.setitem(sys.modules, "torch", fake_module(cuda=cuda))
    assert machine.accelerator.__wrapped__() == expected

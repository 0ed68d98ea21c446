"""What this machine has and what Wrapup would use on it. Nothing here opens an engine or the network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from models.catalogue import Weights, pullable
from models.registry import EXTRAS, KINDS, names, rows
from models.weights import Installed, find_weights, installed, package_version, remedy

PREFERRED_ASR = {
    "cpu": ("small.en", "small", "base.en", "tiny.en", "distil-large-v3", "large-v3-turbo"),
    "cuda": ("large-v3-turbo", "distil-large-v3", "small.en", "small", "base.en", "tiny.en"),
}
"""Variants of faster-whisper in the order of choice: accuracy where the accelerator pays for it, else the
largest that a few cores can keep up with. Names missing here come last, in the catalogue's order."""

DISTRIBUTIONS = (
    "moonshine-voice",
    "onnxruntime",
    "faster-whisper",
    "ctranslate2",
    "torch",
    "transformers",
    "pyannote-audio",
)
"""Packages whose versions decide what an engine does."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """`kind` is "cuda" or "cpu", `count` the devices of that kind, `detail` how it was found."""

    kind: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution and its installed version, or None."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine could be opened here; if not, what is missing and what brings it."""

    kind: str
    name: str
    usable: bool
    missing: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts of this machine: `cores` and `memory_bytes` are what this process may use."""

    cores: int
    memory_bytes: int | None
    accelerator: Accelerator
    packages: tuple[Package, ...]
    engines: tuple[EngineState, ...]
    weights: tuple[Installed, ...]


@dataclass(frozen=True, slots=True)
class _Needs:
    """What an engine stands on: all of `modules`, and one of `weights` if any are named."""

    modules: tuple[str, ...]
    weights: tuple[str, ...] = ()


def _needs() -> dict[str, _Needs]:
    whispers = tuple(row.name for row in pullable() if row.name.startswith("faster-whisper:"))
    preferred = "faster-whisper:small.en"
    return {
        "asr:moonshine": _Needs(("onnxruntime", "moonshine_voice"), ("moonshine:tiny-en",)),
        "asr:faster-whisper": _Needs(("faster_whisper",), (preferred, *whispers)),
        "asr:transformers": _Needs(("torch", "transformers")),
        "voice:silero": _Needs(("onnxruntime", "faster_whisper"), ("silero:v6",)),
        "diarizer:moonshine": _Needs(("moonshine_voice",), ("moonshine:speakers",)),
        "summarizer:anthropic": _Needs(("pydantic_ai", "anthropic")),
        "summarizer:azure": _Needs(("pydantic_ai", "openai")),
        "summarizer:bedrock": _Needs(("pydantic_ai", "boto3")),
        "summarizer:google": _Needs(("pydantic_ai", "google.genai")),
        "summarizer:openai": _Needs(("pydantic_ai", "openai")),
        "summarizer:transformers": _Needs(("torch", "transformers", "xgrammar")),
        "diarizer:pyannote": _Needs(("torch", "pyannote.audio"), ("pyannote:community-1",)),
    }


def look() -> Machine:
    """All facts. Imports torch only where it is installed."""
    return Machine(
        cores(),
        memory_bytes(),
        accelerator(),
        tuple(Package(name, package_version(name)) for name in DISTRIBUTIONS),
        tuple(engine_state(kind, name) for kind in KINDS for name in names(kind)),
        tuple(installed()),
    )


def cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use: its affinity, or a container's quota where that is less."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    quota = _read_numbers(cgroup / "cpu.max")
    if len(quota) == 2 and quota[1] > 0:
        count = min(count, max(1, quota[0] // quota[1]))
    return count


def memory_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Memory of the machine, or a container's limit where that is less; None where it is not told."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return min([total, *_read_numbers(cgroup / "memory.max")])


def _read_numbers(path: Path) -> list[int]:
    """Numbers of a cgroup file; "max" (no limit) and a missing file give none."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(word) for word in words] if all(word.isdigit() for word in words) else []


@cache
def accelerator() -> Accelerator:
    """CUDA devices as CTranslate2 sees them, or torch where it is installed; else the CPU."""
    count, detail = _ctranslate2_devices()
    if not count and find_spec("torch"):
        import torch

        count, detail = int(torch.cuda.device_count()), f"torch {torch.__version__}"
    return Accelerator("cuda", count, detail) if count else Accelerator("cpu", 0, "no CUDA device found")


def _ctranslate2_devices() -> tuple[int, str]:
    if not find_spec("ctranslate2"):
        return 0, ""
    try:
        import ctranslate2

        return int(ctranslate2.get_cuda_device_count()), f"ctranslate2 {ctranslate2.__version__}"
    except (ImportError, OSError, RuntimeError):
        return 0, ""


def engine_state(kind: str, name: str) -> EngineState:
    """Whether the row's modules and weights are here; what an installed row needs beyond is not known."""
    row = f"{kind}:{name}"
    needs = _needs().get(row, _Needs(()))
    absent = [wanted for wanted in needs.modules if not _has_module(wanted)]
    if absent:
        return EngineState(kind, name, False, f"package {', '.join(absent)}", _package_remedy(absent))
    module = rows()[row].partition(":")[0]
    if not _has_module(module):
        return EngineState(kind, name, False, f"module {module}", "install again the package that it is of")
    if needs.weights and not any(find_weights(wanted) for wanted in needs.weights):
        return EngineState(kind, name, False, "weights", remedy(needs.weights[0]))
    return EngineState(kind, name, True)


def _has_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _package_remedy(modules: Iterable[str]) -> str:
    top = [module.partition(".")[0] for module in modules]
    extra = next((EXTRAS[name] for name in top if name in EXTRAS), None)
    return f"make install EXTRA={extra}" if extra else f"install the Python package {top[0]} again"


def choose_default_asr() -> tuple[str, str]:
    """The transcriber to use when none is named, and why: Whisper where its weights are, else moonshine."""
    here = [row for row in _whispers() if find_weights(row.name)]
    if not here or not _has_module("faster_whisper"):
        return "moonshine", "comes with the base install; no Whisper weights are on this machine"
    kind = accelerator().kind if len(here) > 1 else "cpu"
    order = [f"faster-whisper:{variant}" for variant in PREFERRED_ASR[kind]]
    best = min(here, key=lambda row: order.index(row.name) if row.name in order else len(order))
    reason = "its weights are on this machine"
    if len(here) > 1:
        where = "a CUDA device" if kind == "cuda" else "the CPU"
        reason = f"of {len(here)} sets of Whisper weights on this machine, the choice for {where}"
    return best.name, reason


def _whispers() -> list[Weights]:
    return [row for row in pullable() if row.name.startswith("faster-whisper:")]


def choose_default_diarizer(channels: int) -> tuple[str, str]:
    """The diarizer to use when none is named, and why, for a recording with so many channels."""
    if channels > 1:
        return "channels", "each party has a channel, so the channel is the speaker"
    if engine_state("diarizer", "pyannote").usable:
        return "pyannote", "its package and weights are on this machine"
    return "moonshine", "comes with the base install; pyannote or its weights are not on this machine"


def choose_default_summarizer() -> tuple[str, str]:
    """The summarizer to use when none is named, and why."""
    return "extractive", "comes with Wrapup and needs nothing"

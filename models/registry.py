"""Engines by name: a table of "kind:name" -> "module:attribute", resolved at first use.

An attribute is a factory: it takes the part of the name after the first colon ("" if none) and gives the
engine, so `faster-whisper:small.en` calls the row `asr:faster-whisper` with "small.en". That of a summarizer
takes `models.ports.SummarizerOptions` besides. Installed packages add rows through the entry points
`wrapup.asr`, `wrapup.diarizer`, `wrapup.summarizer` and `wrapup.redactor`.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from models.errors import MissingExtraError, UnknownEngineError
from models.ports import SummarizerOptions

BUILT_IN = {
    "asr:moonshine": "models.asr.moonshine:open_engine",
    "asr:faster-whisper": "models.asr.faster_whisper:open_engine",
    "asr:transformers": "models.asr.transformers:open_engine",
    "asr:scripted": "models.fakes:open_transcriber",
    "voice:silero": "models.voice.silero:open_engine",
    "diarizer:channels": "models.diarization.policies:open_channels",
    "diarizer:none": "models.diarization.policies:open_none",
    "diarizer:moonshine": "models.diarization.moonshine:open_engine",
    "diarizer:pyannote": "models.diarization.pyannote:open_engine",
    "summarizer:extractive": "models.summarizers.extractive:open_engine",
    "summarizer:openai": "models.summarizers.llm:open_openai",
    "summarizer:azure": "models.summarizers.llm:open_azure",
    "summarizer:anthropic": "models.summarizers.llm:open_anthropic",
    "summarizer:bedrock": "models.summarizers.llm:open_bedrock",
    "summarizer:google": "models.summarizers.llm:open_google",
    "summarizer:transformers": "models.summarizers.transformers:open_engine",
    "summarizer:panel": "models.summarizers.panel:open_engine",
    "summarizer:scripted": "models.fakes:open_summarizer",
    "redactor:presidio": "models.redactors.presidio:open_engine",
    "command:eval": "eval.cli:app",
}

EXTRAS = {
    "torch": "torch",
    "torchaudio": "torch",
    "transformers": "torch",
    "pyannote": "torch",
    "xgrammar": "torch",
    "pydantic_ai": "llm",
    "openai": "llm",
    "anthropic": "llm",
    "boto3": "llm",
    "google": "llm",
    "meeteval": "cpwer",
    "presidio_analyzer": "presidio",
    "spacy": "presidio",
    "tldextract": "presidio",
    "psycopg": "postgres",
}
"""Import name of a package that the base install lacks -> the extra of Wrapup that brings it."""

FAKES = frozenset({"asr:scripted", "summarizer:scripted"})
"""Rows that can be opened by name and are offered to nobody."""

NEAR = 0.7
"""How alike a name has to be to be what was meant: "opnai" is like "openai", "nope" is like no name."""

KINDS = ("asr", "voice", "diarizer", "summarizer", "redactor")


def rows() -> dict[str, str]:
    """All rows: the built-in ones, then those of installed packages, which may not replace them."""
    found = dict(BUILT_IN)
    for kind in KINDS:
        for point in entry_points(group=f"wrapup.{kind}"):
            found.setdefault(f"{kind}:{point.name}", point.value)
    return found


def names(kind: str) -> list[str]:
    """Names of one kind that a user may choose, sorted."""
    prefix = f"{kind}:"
    return sorted(row.removeprefix(prefix) for row in rows() if row.startswith(prefix) and row not in FAKES)


def load(kind: str, name: str) -> Any:
    """The attribute behind a row. Raises `UnknownEngineError` or `MissingExtraError`."""
    target = rows().get(f"{kind}:{name}")
    if target is None:
        known = names(kind)
        near = get_close_matches(name, known, n=3, cutoff=NEAR) or known
        raise UnknownEngineError(f"no {kind} named {name!r}; try one of: {', '.join(near)}")
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise _missing(f"{kind} {name!r}", error) from error


def engine(kind: str, name: str, options: SummarizerOptions | None = None) -> Any:
    """Open the engine `name`, which may carry an argument after a colon; `options` are for summarizers.

    Raises `WrapupError`.
    """
    base, _, argument = name.partition(":")
    factory: Callable[..., Any] = load(kind, base)
    try:
        return (
            factory(argument, options or SummarizerOptions()) if kind == "summarizer" else factory(argument)
        )
    except ModuleNotFoundError as error:
        raise _missing(f"{kind} {base!r}", error) from error


def package_of(error: ModuleNotFoundError) -> str:
    """The top-level package that an import did not find; "" where the error does not say."""
    return (error.name or "").partition(".")[0]


def remedy(package: str) -> str:
    """What a user does to get a package that is missing."""
    extra = EXTRAS.get(package)
    return f"make install EXTRA={extra}" if extra else f"install the Python package {package}"


def _missing(what: str, error: ModuleNotFoundError) -> MissingExtraError:
    package = package_of(error)
    return MissingExtraError(f"{what} needs the package {package or 'unknown'}: {remedy(package)}")

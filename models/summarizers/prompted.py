"""What all summarizers by a language model do alike, wherever the model is: words in, typed answer out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from models.errors import DecodingCancelled
from models.ports import UNLIMITED, NoteField, NoteLimits, SummarizerOptions
from models.summarizers.hashes import short_hash
from models.summarizers.llm_answer import NoteAnswer, read
from models.summarizers.llm_prompt import Asked, ask
from models.summarizers.prompts import read_prompt
from models.types import MemberNote, NoteRequest, Summary, Usage


class PromptedSummarizer(ABC):
    """Satisfies `models.ports.Summarizer` and `Merger` but for its capabilities."""

    def __init__(self, name: str, decoding: str, options: SummarizerOptions) -> None:
        """`name` and `decoding` are the first and the last part of the version. Raises `ConfigError` for a
        prompt that is not there."""
        self._name = name
        self._decoding = decoding
        self._prompt = read_prompt(options.prompt)
        self._fields = options.fields

    @property
    def version(self) -> str:
        """Model, prompt, fields and decoding."""
        parts = [self._name, f"prompt={self._prompt.version}"]
        parts += [f"fields={short_hash(repr(self._fields))}"] if self._fields else []
        return " ".join([*parts, self._decoding])

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """See `Summarizer`. Raises `EngineLateError` and `EngineBudgetError` for what the limits do not
        allow.
        """
        return self._note(request, (), limits)

    def merge(
        self, request: NoteRequest, drafts: Sequence[MemberNote], limits: NoteLimits = UNLIMITED
    ) -> Summary:
        """See `Merger`; errors as of `summarize`."""
        return self._note(request, drafts, limits)

    def _note(self, request: NoteRequest, drafts: Sequence[MemberNote], limits: NoteLimits) -> Summary:
        if not limits.go_on():
            raise DecodingCancelled("the note is no longer wanted")
        if not request.lines and not request.cited:
            return Summary("no_speech")
        fields = self._fields if request.purpose == "draft" else ()
        asked = ask(request, self._prompt, fields, drafts)
        answer, usage = self._answer(asked, fields, limits)
        return replace(read(answer, asked, fields), usage=usage)

    @abstractmethod
    def _answer(
        self, asked: Asked, fields: tuple[NoteField, ...], limits: NoteLimits
    ) -> tuple[NoteAnswer, Usage]:
        """What the model answers, in the form of a note. Raises as `summarize`."""

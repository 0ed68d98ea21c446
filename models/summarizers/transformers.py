"""A chat model in this process, through transformers, on the CPU or a GPU: nothing leaves the machine.

Its answer is held to the form of a note token by token, by a grammar (xgrammar) that knows even how many
lines there are to cite. The checkpoint is a local folder, or a name that is in the hub's cache; nothing is
downloaded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import ValidationError

from models.errors import (
    ConfigError,
    DecodingCancelled,
    EngineBudgetError,
    EngineBusyError,
    EngineError,
    EngineLateError,
    MissingWeightsError,
)
from models.ports import NoteField, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.summarizers.deadline import Deadline
from models.summarizers.hashes import short_hash
from models.summarizers.llm_answer import NoteAnswer, answer_type
from models.summarizers.llm_prompt import Asked
from models.summarizers.prompted import PromptedSummarizer
from models.summarizers.transformers_schema import note_schema
from models.types import Usage

MOST_TOKENS = 1_500
LEAST_TOKENS = 200
"""Tokens of an answer: at most, and those without which it is not worth while."""
SMALLEST_WINDOW = 2_500
TOKENS_A_WORD = 1.7
"""Of masked calls with their line numbers, in the vocabularies of current models, with some to spare."""
SYSTEM_TOKENS = 1_400
LOOK_S = 0.05

_ERRORS = (RuntimeError, ValueError, OSError, KeyError, IndexError, TypeError, MemoryError, AssertionError)
"""What transformers, torch and xgrammar raise on a checkpoint or a request that they cannot use."""


def open_engine(argument: str, options: SummarizerOptions) -> LocalModel:
    """`transformers:FOLDER` or `transformers:NAME`, with `#words=N` for its longest request.

    Raises `ConfigError`, `MissingWeightsError`, `ModuleNotFoundError`.
    """
    name, _, more = argument.partition("#")
    key, _, value = more.partition("=")
    if not name or (more and (key != "words" or not value.isdecimal())):
        raise ConfigError("summarizer transformers: expected transformers:FOLDER, and perhaps #words=N")
    return LocalModel(name, options, int(value) if more else None)


class LocalModel(PromptedSummarizer):
    """One loaded checkpoint. Satisfies `models.ports.Summarizer` and `Merger`; calls of several threads take
    turns.
    """

    def __init__(self, name: str, options: SummarizerOptions, max_words: int | None = None) -> None:
        """Load the checkpoint. Raises as `open_engine`."""
        self._tokenizer, self._model, self._compiler = _load(name)
        self._window = int(getattr(self._model.config, "max_position_embeddings", 0) or 1_000_000)
        if self._window < SMALLEST_WINDOW:
            raise ConfigError(f"summarizer transformers: a model reads {SMALLEST_WINDOW} tokens at least")
        self._words = max_words or int((self._window - MOST_TOKENS - SYSTEM_TOKENS) / TOKENS_A_WORD)
        self._lock = Lock()
        self._short = f"transformers:{Path(name).name}@{_identity(name, self._model.config)}"
        super().__init__(
            f"{self._short} transformers={version('transformers')}",
            f"output=grammar,greedy,max_tokens={MOST_TOKENS}",
            options,
        )

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """It computes here, and reads what its window has room for."""
        return SummarizerCapabilities(max_words=max(100, self._words), merges=True)

    def _answer(
        self, asked: Asked, fields: tuple[NoteField, ...], limits: NoteLimits
    ) -> tuple[NoteAnswer, Usage]:
        wish = _Wish(limits)
        schema = note_schema(fields, len(asked.ids))
        while not self._lock.acquire(timeout=LOOK_S):
            wish.check()
        try:
            text, usage = self._generate(asked, fields, schema, wish)
        except _ERRORS as error:
            raise _mapped(error) from None
        finally:
            self._lock.release()
        try:
            return answer_type(fields).model_validate_json(text), usage
        except ValidationError:
            raise EngineError(f"{self._short}: the note did not end within {MOST_TOKENS} tokens") from None

    def _generate(
        self, asked: Asked, fields: Sequence[NoteField], schema: dict[str, Any], wish: _Wish
    ) -> tuple[str, Usage]:
        import torch
        from transformers import StoppingCriteriaList
        from xgrammar.contrib.hf import LogitsProcessor

        ids = self._ids(asked, fields)
        given = int(ids.shape[-1])
        room = self._room(given, wish.limits)
        grammar = self._compiler.compile_json_schema(json.dumps(schema), any_whitespace=False)
        with torch.inference_mode():
            found = self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=room,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                logits_processor=[LogitsProcessor(grammar)],
                stopping_criteria=StoppingCriteriaList([wish.stops]),
            )
        wish.check()
        new = found[0][given:]
        return self._tokenizer.decode(new, skip_special_tokens=True), Usage(1, given, len(new))

    def _ids(self, asked: Asked, fields: Sequence[NoteField]) -> Any:
        """Tokens of the request in the model's own form of a chat, shape (1, n)."""
        from jinja2 import TemplateError

        form = f"{asked.system}\n\nAnswer with JSON of this schema: {json.dumps(note_schema(fields, None))}"
        both = [{"role": "system", "content": form}, {"role": "user", "content": asked.user}]
        one = [{"role": "user", "content": f"{form}\n\n{asked.user}"}]
        try:
            text = self._tokenizer.apply_chat_template(both, tokenize=False, add_generation_prompt=True)
        except TemplateError:
            # Some models have no system's part.
            text = self._tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True)
        ids = self._tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        return ids.to(self._model.device)

    def _room(self, given: int, limits: NoteLimits) -> int:
        """Tokens that the answer may have. Raises `EngineError` and `EngineBudgetError`."""
        window = self._window - given
        if window < LEAST_TOKENS:
            raise EngineError(
                f"{self._short}: the request has {given} tokens and the model reads {self._window}: "
                "say with #words=N after its name how many words fit"
            )
        left = MOST_TOKENS if limits.tokens is None else limits.tokens - given
        if left < LEAST_TOKENS:
            raise EngineBudgetError(
                f"{self._short}: a note takes more than the {limits.tokens:,} tokens left"
            )
        return min(MOST_TOKENS, window, left)


class _Wish:
    """Whether a note is still wanted, asked between tokens."""

    def __init__(self, limits: NoteLimits) -> None:
        self.limits = limits
        self._deadline = Deadline(limits.seconds)

    def check(self) -> None:
        """Raise `DecodingCancelled` or `EngineLateError` once it is not."""
        if not self.limits.go_on():
            raise DecodingCancelled("the note is no longer wanted")
        if self._deadline.passed():
            raise EngineLateError("the language model took longer than it had")

    def stops(self, ids: Any, _scores: Any, **_: Any) -> Any:
        """For transformers: one answer a sequence."""
        import torch

        over = not self.limits.go_on() or self._deadline.passed()
        return torch.full((ids.shape[0],), over, dtype=torch.bool, device=ids.device)


def _load(name: str) -> tuple[Any, Any, Any]:
    """Tokenizer, model and compiler of grammars."""
    import torch
    import xgrammar
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            name, local_files_only=True, dtype="auto" if device == "cuda" else torch.float32
        )
        model = model.to(device).eval()
        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=model.config.vocab_size)
    except _ERRORS as error:
        raise MissingWeightsError(
            f"{name}: no chat model of transformers that can be loaded here; "
            "expected its folder, or a name in the hub's cache"
        ) from error
    if not tokenizer.chat_template:
        raise ConfigError(f"{name}: this model has no chat template; expected one that was tuned to chat")
    return tokenizer, model, xgrammar.GrammarCompiler(info)


def _identity(name: str, config: Any) -> str:
    """What tells weights from others of their name: the hub's commit, else names and sizes of the files."""
    folder = Path(name)
    if not folder.is_dir():
        return str(getattr(config, "_commit_hash", None) or "unknown")[:12]
    files = sorted((path.name, path.stat().st_size) for path in folder.iterdir() if path.is_file())
    return short_hash(json.dumps(files) + config.to_json_string())


def _mapped(error: Exception) -> EngineError:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return EngineBusyError("the language model ran out of memory")
    return EngineError(f"the language model failed ({type(error).__name__})")

"""Language models elsewhere as summarizers, through pydantic-ai: OpenAI and all that speak its protocol
(Ollama, vLLM, llama.cpp), Azure OpenAI, Anthropic, Bedrock, Google.

A note is one request with a typed answer; an answer of another form is asked for once more. Retries,
deadlines, budgets and errors are the same for all of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

import pydantic_ai
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.messages import PartDeltaEvent, PartStartEvent
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage, UsageLimits

from models.errors import EngineBudgetError, EngineLateError
from models.ports import NoteField, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.summarizers import llm_services
from models.summarizers.deadline import Deadline
from models.summarizers.llm_answer import NoteAnswer, answer_type
from models.summarizers.llm_client import TooLongError, hush, wait_for
from models.summarizers.llm_errors import fault_of
from models.summarizers.llm_prompt import Asked
from models.summarizers.llm_services import Service
from models.summarizers.prompted import PromptedSummarizer
from models.types import Usage

AT_ONCE = 8
TRIES = 3
MOST_ANSWER = 1_000_000
"""Characters of an answer, thoughts included, after which it is cut off."""
MOST_TOKENS = 4_000
"""Tokens of an answer. A note has some 300; models that think first need the rest."""
LEAST_TOKENS = 200
"""Tokens of a budget that an answer needs to be worth a request."""
LONGEST_S = 600.0
"""How long a note may take that has no deadline: some minutes, on a model that this machine's processor
runs.
"""
CHARACTERS_A_TOKEN = 4
"""Of English text in the vocabularies of current models; for what a server does not count."""

pydantic_ai.BANNER_ENABLED = False


def open_openai(argument: str, options: SummarizerOptions) -> LanguageModel:
    """`openai:MODEL`, or `openai:MODEL@URL` of a server that speaks the same. Raises `ConfigError`."""
    return LanguageModel(llm_services.openai(argument, options), options)


def open_azure(argument: str, options: SummarizerOptions) -> LanguageModel:
    """`azure:DEPLOYMENT@URL`, the URL of the resource. Raises `ConfigError`."""
    return LanguageModel(llm_services.azure(argument, options), options)


def open_anthropic(argument: str, options: SummarizerOptions) -> LanguageModel:
    """`anthropic:MODEL`. Raises `ConfigError`."""
    return LanguageModel(llm_services.anthropic(argument, options), options)


def open_bedrock(argument: str, options: SummarizerOptions) -> LanguageModel:
    """`bedrock:MODEL`; region and credentials as the AWS tools have them. Raises `ConfigError`."""
    return LanguageModel(llm_services.bedrock(argument, options), options)


def open_google(argument: str, options: SummarizerOptions) -> LanguageModel:
    """`google:MODEL`. Raises `ConfigError`."""
    return LanguageModel(llm_services.google(argument, options), options)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What one answer has to keep to."""

    limits: NoteLimits
    deadline: Deadline
    max_tokens: int


class LanguageModel(PromptedSummarizer):
    """See the module; satisfies `models.ports.Summarizer` and `Merger`."""

    def __init__(self, service: Service, options: SummarizerOptions) -> None:
        """Raises `ConfigError` for a prompt that is not there."""
        self._service = service
        self._output = _output_mode(service.model)
        super().__init__(
            service.name, f"output={self._output},temperature=0,max_tokens={MOST_TOKENS}", options
        )
        self._agents: dict[tuple[NoteField, ...], Agent[None, Any]] = {}
        self._building = threading.Lock()
        hush()

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """It waits for another machine, or another process of this one."""
        return SummarizerCapabilities(AT_ONCE, self._service.sends_to, self._service.max_words, merges=True)

    def _answer(
        self, asked: Asked, fields: tuple[NoteField, ...], limits: NoteLimits
    ) -> tuple[NoteAnswer, Usage]:
        terms = _Terms(limits, Deadline(limits.seconds), self._room(asked, limits))
        return wait_for(lambda: self._ask(asked, fields, terms), limits, terms.deadline)

    def _room(self, asked: Asked, limits: NoteLimits) -> int:
        """Tokens that the answer may have. Raises `EngineBudgetError` where too few are left."""
        if limits.tokens is None:
            return MOST_TOKENS
        left = limits.tokens - asked.characters // CHARACTERS_A_TOKEN
        if left < LEAST_TOKENS:
            raise EngineBudgetError(
                f"{self._service.name}: a note takes more than the {limits.tokens:,} tokens that are left"
            )
        return min(MOST_TOKENS, left)

    async def _ask(
        self, asked: Asked, fields: tuple[NoteField, ...], terms: _Terms
    ) -> tuple[NoteAnswer, Usage]:
        # Of all tries together: the budget is theirs, and what a failed one took was taken.
        used = RunUsage()
        for trial in range(TRIES):
            try:
                return await self._ask_once(asked, fields, terms, used)
            except Exception as error:  # noqa: BLE001 - all that they raise is mapped here, by one table
                # No cause: theirs hold headers, and what the server sent.
                fault = fault_of(error, self._service.name, trial)
            if fault.again_s is None or trial + 1 == TRIES:
                raise fault.error from None
            left_s = terms.deadline.left_s()
            if left_s is not None and fault.again_s >= left_s:
                raise EngineLateError(f"{fault.error}; there is no time for another try")
            await asyncio.sleep(fault.again_s)
        raise AssertionError("a last try returns or raises")

    async def _ask_once(
        self, asked: Asked, fields: tuple[NoteField, ...], terms: _Terms, used: RunUsage
    ) -> tuple[NoteAnswer, Usage]:
        left_s = terms.deadline.left_s()
        settings = ModelSettings(temperature=0.0, max_tokens=terms.max_tokens, framing_announcement="never")
        if self._service.per_request:
            settings["max_retries"] = 0
            settings["timeout"] = LONGEST_S if left_s is None else max(left_s, 0.1)
        result = await self._agent(fields).run(
            asked.user,
            instructions=asked.system,
            model_settings=settings,
            usage=used,
            usage_limits=UsageLimits(request_limit=None, total_tokens_limit=terms.limits.tokens),
            event_stream_handler=_bounded,
            infer_name=False,
        )
        answer: NoteAnswer = result.output
        return answer, _usage(used, asked, answer)

    def _agent(self, fields: tuple[NoteField, ...]) -> Agent[None, Any]:
        with self._building:
            if fields not in self._agents:
                kind = answer_type(fields)
                output = {"native": NativeOutput, "tool": ToolOutput, "prompted": PromptedOutput}[
                    self._output
                ]
                self._agents[fields] = Agent(
                    self._service.model,
                    output_type=output(kind),
                    retries={"output": 1, "tools": 0},
                    name="wrapup",
                )
            return self._agents[fields]


async def _bounded(_: object, events: AsyncIterable[Any]) -> None:
    """Read an answer's events up to its longest. Raises `TooLongError`."""
    left = MOST_ANSWER
    async for event in events:
        if isinstance(event, PartStartEvent):
            left -= len(str(getattr(event.part, "content", "") or getattr(event.part, "args", "") or ""))
        elif isinstance(event, PartDeltaEvent):
            delta = event.delta
            left -= len(str(getattr(delta, "content_delta", "") or getattr(delta, "args_delta", "") or ""))
        if left < 0:
            raise TooLongError


def _output_mode(model: Model) -> str:
    """How a typed answer is asked for: by what the service offers, the strictest first."""
    if model.profile.get("supports_json_schema_output", False):
        return "native"
    return "tool" if model.profile.get("supports_tools", True) else "prompted"


def _usage(used: RunUsage, asked: Asked, answer: NoteAnswer) -> Usage:
    """What the server counted; where it does not count, about as many as the texts have."""
    given = used.input_tokens or asked.characters // CHARACTERS_A_TOKEN
    got = used.output_tokens or len(answer.model_dump_json()) // CHARACTERS_A_TOKEN
    return Usage(max(1, used.requests), given, got)

"""What libraries of language models raise, in our words: one table.

A message has the service, the class of the error, the status and a code that is known here. Nothing else of a
response, a request or a URL gets into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic_ai import exceptions as theirs

from models.errors import EngineBudgetError, EngineError, EngineLateError, WrapupError
from models.summarizers.llm_client import TooLongError

CODES = frozenset(
    {
        "api_error",
        "authentication_error",
        "billing_error",
        "content_filter",
        "context_length_exceeded",
        "insufficient_quota",
        "invalid_api_key",
        "invalid_request_error",
        "model_not_found",
        "not_found_error",
        "overloaded_error",
        "permission_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "request_too_large",
        "server_error",
    }
)
"""Codes of errors that are told on; a server may put anything where a code belongs."""

LONGEST_WAIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in our words, and after how many seconds another try makes sense; None for no other try."""

    error: WrapupError
    again_s: float | None = None


_TABLE: tuple[tuple[type[BaseException], type[WrapupError], str], ...] = (
    (TooLongError, EngineError, "gave an answer longer than a note can be"),
    (
        theirs.ModelContextWindowExceededError,
        EngineError,
        "has no room for this request: give it fewer with #words=N",
    ),
    (theirs.ModelAuthenticationError, EngineError, "does not take the key"),
    (theirs.ModelNotFoundError, EngineError, "does not have the model"),
    (theirs.ModelQuotaExceededError, EngineError, "has no quota left for this key"),
    (theirs.ModelRequestRejectedError, EngineError, "does not take the request"),
    (theirs.ModelRateLimitError, EngineError, "asks for fewer requests"),
    (theirs.ModelUnavailableError, EngineError, "is not available"),
    (theirs.ModelServerError, EngineError, "failed"),
    (theirs.ModelTimeoutError, EngineLateError, "did not answer in time"),
    (theirs.ModelRequestTimeout, EngineLateError, "did not answer in time"),
    (theirs.ModelConnectionError, EngineError, "cannot be reached, or broke off"),
    (theirs.ModelAPIError, EngineError, "failed"),
    (theirs.UsageLimitExceeded, EngineBudgetError, "would take more tokens than are left"),
    (theirs.OutputTokenLimitExceeded, EngineError, "gave an answer longer than it may be"),
    (theirs.ContentFilterError, EngineError, "refuses to write about this call"),
    (theirs.UnexpectedModelBehavior, EngineError, "gave no note of the form it was asked for, twice"),
    (theirs.AgentRunError, EngineError, "failed"),
    (theirs.UserError, EngineError, "cannot be used like this"),
)

_AGAIN = (theirs.ModelServerError, theirs.ModelUnavailableError, theirs.ModelConnectionError)
BACKOFF_S = 0.5


def fault_of(error: Exception, service: str, trial: int) -> Fault:
    """An error in our words, with the wait before the next try where it says that one may pass.

    Too many requests are tried again after the time that the server told, and not where it told none;
    failures of the server and of the connection after a while that doubles.
    """
    for found in _chain(error):
        for theirs_, ours, words in _TABLE:
            if isinstance(found, theirs_):
                return Fault(ours(f"{service} {words} ({_facts(found)})"), _again_s(found, trial))
    return Fault(EngineError(f"{service} failed ({type(error).__name__})"))


def _again_s(error: BaseException, trial: int) -> float | None:
    told = getattr(error, "retry_after", None)
    if isinstance(error, theirs.ModelTimeoutError):
        return None
    if isinstance(error, theirs.ModelRateLimitError):
        return told if isinstance(told, int | float) and told <= LONGEST_WAIT_S else None
    if isinstance(error, _AGAIN):
        return min(float(told or 0.0), LONGEST_WAIT_S) or BACKOFF_S * 2**trial
    return None


def _facts(error: BaseException) -> str:
    status = getattr(error, "status_code", None)
    code = getattr(error, "provider_error_code", None) or getattr(error, "provider_error_type", None)
    parts = [type(error).__name__]
    parts += [f"status {status}"] if isinstance(status, int) else []
    parts += [f"code {code}"] if code in CODES else []
    return ", ".join(parts)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, after a too long answer that may be what is behind it."""
    seen: list[BaseException] = []
    rest: BaseException | None = error
    while rest is not None and rest not in seen:
        seen.append(rest)
        rest = rest.__cause__ or rest.__context__
    yield from (found for found in seen if isinstance(found, TooLongError))
    yield error

"""One small tree of errors. Retry reads `retryable` and nothing else.

A message is one line that a user can act on; it never holds words of a call.
"""

from __future__ import annotations


class WrapupError(Exception):
    """Anything that Wrapup reports to a user in one line."""

    retryable = False


class UnknownEngineError(WrapupError):
    """No engine of that name; the message lists near ones."""


class MissingExtraError(WrapupError):
    """The engine's packages are not installed; the message has the command that installs them."""


class MissingWeightsError(WrapupError):
    """The engine's weights are not on this machine; the message has the command that fetches them."""


class ConfigError(WrapupError):
    """A setting that cannot be used: which one, and what was expected."""


class InputError(WrapupError):
    """A file or message that cannot be read: which one, and what was expected."""


class EngineError(WrapupError):
    """An engine failed on this input; another try would fail again."""


class EngineLateError(EngineError):
    """An engine did not answer within the time it had."""


class EngineBudgetError(EngineError):
    """The answer would take more than its budget allows."""


class DecodingCancelled(WrapupError):
    """The caller no longer wants what an engine was reading: no failure, and nothing to log or to retry."""


class EngineBusyError(EngineError):
    """An engine failed for want of memory, device or time; another try may pass."""

    retryable = True

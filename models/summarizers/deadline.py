"""When a note is due."""

from __future__ import annotations

import time


class Deadline:
    """A moment on the monotonic clock, so many `seconds` from now; None for never."""

    def __init__(self, seconds: float | None) -> None:
        self._due_s = None if seconds is None else time.monotonic() + seconds

    def left_s(self) -> float | None:
        """Seconds until then, 0 once it has passed; None for ever."""
        return None if self._due_s is None else max(0.0, self._due_s - time.monotonic())

    def passed(self) -> bool:
        """Whether it is over."""
        return self.left_s() == 0.0

"""A summarizer of one's own: the longest thing that the customer said, as the reason of the call.

Installed in the environment of Wrapup, by a package with these lines in its pyproject.toml:

    [project.entry-points."wrapup.summarizer"]
    longest = "own_summarizer:open_engine"

`wrapup summarize calls/ --summarizer longest` uses it. What follows a colon, as in `longest:3`, is the
argument.
"""

from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.types import NoteRequest, Statement, Summary


class Longest:
    version = "longest@1"  # all that the words of a note depend on
    capabilities = SummarizerCapabilities()  # it computes here, and nothing leaves the machine

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        said = [line for line in (*request.cited, *request.lines) if line.role == "customer"]
        if not said:
            return Summary("no_conversation")
        line = max(said, key=lambda line: len(line.text))
        return Summary("ok", (Statement("reason", f"Customer said: {line.text}", (line.id,)),))


def open_engine(argument: str, options: SummarizerOptions) -> Longest:
    return Longest()

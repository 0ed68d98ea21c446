"""The ladder: the class of an edit. A stand-in that knows four classes."""

from __future__ import annotations

import re
import unicodedata

from eval.edits.edit import Edit, EditClass

_HEADING = re.compile(r"^(?:##\s*(?P<marked>\S.*?)|(?P<plain>[A-Z][\w -]{0,40})):?\s*$")


def classify(draft: str, final: str | None, used: bool = True) -> Edit:
    """The edit from a draft to the text that was saved; None where the draft was not used."""
    edit_class = classify_class(draft, final, used)
    if edit_class == "discarded":
        return Edit(edit_class)
    before, after = _sections(draft), _sections(final or "")
    names = [*before, *(name for name in after if name not in before)]
    sections = {name: classify_class(before.get(name, ""), after.get(name, "")) for name in names}
    return Edit(edit_class, sections=sections)


def classify_class(draft: str, final: str | None, used: bool = True) -> EditClass:
    """The class alone."""
    if final is None or not used:
        return "discarded"
    if _exact(draft) == _exact(final):
        return "exact"
    return "normalized" if _normalized(draft) == _normalized(final) else "minor"


def _exact(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def _normalized(text: str) -> str:
    return re.sub(r"\W+", " ", _exact(text).casefold()).strip()


def _sections(text: str) -> dict[str, str]:
    sections: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        heading = _HEADING.match(line) if line.rstrip().endswith(":") or line.startswith("##") else None
        if heading is not None:
            name = (heading["marked"] or heading["plain"]).rstrip(":").casefold()
            sections.setdefault(name, [])
        elif line.strip():
            sections.setdefault(name, []).append(line)
    return {name: "\n".join(lines) for name, lines in sections.items()}

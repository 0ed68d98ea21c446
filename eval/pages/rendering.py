"""A template of this folder as a page: one file that needs no network and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.formats.plain import clean


def render(template: str, provenance: Mapping[str, Any] | None = None, **values: Any) -> str:
    """The page as HTML: the same for the same values. `provenance` says at its end what it was made from."""
    environment = Environment(
        loader=PackageLoader("eval", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(f"{template}.html.j2").render(
        provenance=list(provenance_lines(provenance or {})), **values
    )


def provenance_lines(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values, a line each."""
    return ((clean(name), clean(_flat(value))) for name, value in provenance.items())


def _flat(value: Any) -> str:
    """A value in a line: the parts of a mapping by name."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_flat, value))
    return str(value)

"""The edit ladder: what a person did with a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.edits.compare import Comparison
from eval.edits.edit import Edit, EditClass
from eval.edits.forms import exact_form, normal_form, without_markers
from eval.edits.notes import Unit, hashed_headings, read_units


def classify(draft: str, final: str | None, used: bool = True) -> Edit:
    """The class of an edit, with its changes and the class of each section."""
    if not used or final is None:
        return Edit("discarded")
    draft, final = exact_form(draft), exact_form(final)
    bodies = _body(draft), _body(final)
    units = read_units(bodies[0]), read_units(bodies[1])
    sections = _sections(units[0], units[1])
    if draft == final:
        return Edit("exact", sections=sections)
    if _same(bodies):
        return Edit("normalized", sections=sections)
    compared = _comparison(units)
    found = compared.edit_class
    if found == "cosmetic":
        return Edit(found, sections=sections)
    rates = compared.rates
    decided_by = None if found == "rewritten" else compared.decided_by
    return Edit(found, decided_by, compared.changes, sections, rates.ter, rates.kept)


def classify_class(draft: str, final: str | None, used: bool = True) -> EditClass:
    """The class that `classify` finds, without the rest."""
    if not used or final is None:
        return "discarded"
    if draft == final:
        return "exact"
    draft, final = exact_form(draft), exact_form(final)
    if draft == final:
        return "exact"
    bodies = _body(draft), _body(final)
    if _same(bodies):
        return "normalized"
    return _comparison((read_units(bodies[0]), read_units(bodies[1]))).edit_class


def _body(text: str) -> str:
    return without_markers(hashed_headings(text))


def _same(bodies: tuple[str, str]) -> bool:
    return bodies[0] == bodies[1] or normal_form(bodies[0]) == normal_form(bodies[1])


def _comparison(units: tuple[Sequence[Unit], Sequence[Unit]]) -> Comparison:
    return Comparison(units[0], units[1], _said(units[0]), _said(units[1]))


def _said(units: Sequence[Unit]) -> frozenset[str]:
    return frozenset(unit.normal for unit in units if not unit.is_heading)


def _sections(draft: Sequence[Unit], final: Sequence[Unit]) -> Mapping[str, EditClass]:
    """The class of each section that draft or final has."""
    parts: dict[str, tuple[list[Unit], list[Unit]]] = {}
    for side, units in enumerate((draft, final)):
        for unit in units:
            parts.setdefault(unit.section, ([], []))[side].append(unit)
    said = _said(draft), _said(final)
    return {section: _section(before, after, said) for section, (before, after) in parts.items()}


def _section(
    before: Sequence[Unit], after: Sequence[Unit], said: tuple[frozenset[str], frozenset[str]]
) -> EditClass:
    if [unit.text for unit in before] == [unit.text for unit in after]:
        return "exact"
    if " ".join(unit.normal for unit in before) == " ".join(unit.normal for unit in after):
        return "normalized"
    return Comparison(before, after, *said).edit_class

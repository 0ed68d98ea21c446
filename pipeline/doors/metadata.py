"""What a protocol's opening message says of its call, found by a site's own mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from unicodedata import category

from models.types import Role
from pipeline.doors.messages import CallInfo, Direction

FieldName = Literal["associate", "queue", "direction", "language", "site"]
FIELD_NAMES: tuple[FieldName, ...] = get_args(FieldName)

LONGEST = 200
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How one protocol is read. `agent`: the protocol's own name of the track or channel that the associate
    speaks on; None for the usual one.

    `fields`: where the opening message has what is known of the call, as names with dots between them
    ("start.customParameters.associate"). `secret`: what clients sign with. `sites`: what differs at a site.
    """

    agent: str | None = None
    fields: Mapping[FieldName, str] = field(default_factory=dict)
    secret: bytes | None = None
    sites: Mapping[str, DoorSettings] = field(default_factory=dict)

    def at(self, site: str | None) -> DoorSettings:
        """The settings of a site."""
        own = self.sites.get(site or "")
        if own is None:
            return self
        return replace(self, agent=own.agent or self.agent, fields={**self.fields, **own.fields})


def call_info(
    call_id: str, roles: tuple[Role, ...], message: Mapping[str, Any], fields: Mapping[FieldName, str]
) -> CallInfo:
    """The call as an opening message describes it; what is not there, or is no name, is None."""
    found = {name: name_at(message, fields[name]) for name in FIELD_NAMES if name in fields}
    direction = (found.pop("direction", None) or "").lower()
    return CallInfo(call_id, roles, direction=_DIRECTIONS.get(direction), **found)


def name_at(message: Mapping[str, Any], path: str) -> str | None:
    """The name at a place of a message: printable, 1 to `LONGEST` characters; numbers are taken as text."""
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    name = str(value).strip()
    good = 0 < len(name) <= LONGEST and not any(category(letter) in ("Cc", "Cs") for letter in name)
    return name if good else None


_DIRECTIONS: Mapping[str, Direction] = {"inbound": "inbound", "outbound": "outbound"}

"""What may stand in an address."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from pipeline.doors.own import CALL_ID, NOT_AN_ID


def _known_form(call_id: str) -> str:
    if CALL_ID.fullmatch(call_id) is None:
        raise ValueError(NOT_AN_ID)
    return call_id


CallId = Annotated[str, AfterValidator(_known_form)]

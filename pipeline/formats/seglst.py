"""SegLST: a JSON list of `{session_id, speaker, start_time, end_time, words}`, as meeteval reads it.

Times are seconds, as numbers or decimal strings, and may be left out, as may the words and the speaker.
"""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from models.errors import InputError
from pipeline.formats.fields import field_error, load_json
from pipeline.formats.plain import clean, number
from pipeline.formats.segments import UNKNOWN, Recordings, Segment


def _from_string(value: object) -> object:
    return number(value.strip()) if isinstance(value, str) and number(value.strip()) is not None else value


_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_from_string)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str
    speaker: str = UNKNOWN
    start_time: _Seconds | None = None
    end_time: _Seconds | None = None
    words: str | None = None


_ROWS = TypeAdapter(list[_Row])


def parse(text: str, source: str) -> dict[str, list[Segment]]:
    """Segments by recording. Raises `InputError`."""
    found = load_json(text, source)
    try:
        rows = _ROWS.validate_python(found)
    except ValidationError as error:
        raise field_error(source, error) from error
    recordings: dict[str, list[Segment]] = {}
    for place, row in enumerate(rows):
        if row.start_time is not None and row.end_time is not None and row.end_time < row.start_time:
            raise InputError(f"{source}: [{place}].end_time: expected a time at or after start_time")
        said = None if row.words is None else clean(row.words)
        segment = Segment(clean(row.speaker) or UNKNOWN, row.start_time, row.end_time, said)
        recordings.setdefault(row.session_id, []).append(segment)
    return recordings


def write(recordings: Recordings) -> str:
    """A list with one object a segment; fields without a value are left out."""
    rows = [
        {
            "session_id": name,
            "speaker": segment.speaker,
            "start_time": _rounded(segment.start_s),
            "end_time": _rounded(segment.end_s),
            "words": segment.text,
        }
        for name, segments in recordings.items()
        for segment in segments
    ]
    kept = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return json.dumps(kept, ensure_ascii=False, indent=1) + "\n"


def _rounded(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)

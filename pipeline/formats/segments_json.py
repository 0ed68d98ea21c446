"""References as a JSON object: `{segments: [{start, end, speaker, text, channel?}], channel_of_speaker?}`.

Times and texts may be null. `channel_of_speaker` maps a speaker to a channel, counted from 0, and serves
segments that state none. Other fields are ignored. Read only.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import InputError
from pipeline.formats.fields import field_error, load_json
from pipeline.formats.plain import clean
from pipeline.formats.segments import UNKNOWN, Segment

_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Channel = Annotated[int, Field(ge=0)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    start: _Seconds | None = None
    end: _Seconds | None = None
    speaker: str = UNKNOWN
    text: str | None = None
    channel: _Channel | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    segments: list[_Row]
    channel_of_speaker: dict[str, _Channel] = Field(default_factory=dict)


def parse(text: str, source: str) -> list[Segment]:
    """Segments in the order of the file. Raises `InputError`."""
    found = load_json(text, source)
    try:
        file = _File.model_validate(found)
    except ValidationError as error:
        raise field_error(source, error) from error
    segments: list[Segment] = []
    for place, row in enumerate(file.segments):
        if row.start is not None and row.end is not None and row.end < row.start:
            raise InputError(f"{source}: segments[{place}].end: expected a time at or after start")
        channel = file.channel_of_speaker.get(row.speaker) if row.channel is None else row.channel
        said = None if row.text is None else clean(row.text)
        segments.append(Segment(clean(row.speaker) or UNKNOWN, row.start, row.end, said, channel))
    return segments

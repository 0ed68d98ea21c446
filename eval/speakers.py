"""Who spoke when: the diarization error rate of one call, as seconds that add.

DER by pyannote.metrics (Bredin 2017), speech of several people at once scored. There are two, with their own
names, and they are never put into one figure:

- `der`: no collar;
- `der_collar_0.25`: 0.25 s on *each* side of every bound of the reference is not scored, as in md-eval of
  NIST. pyannote.metrics takes the width of both sides together, so it is given 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pyannote.core import Annotation, Timeline
from pyannote.core import Segment as Stretch
from pyannote.metrics.diarization import DiarizationErrorRate

from eval.counts import SpeakerTimeCounts
from eval.normalizer import without_tags
from pipeline.formats.segments import Segment

COLLARS_S: Mapping[str, float] = MappingProxyType({"der": 0.0, "der_collar_0.25": 0.25})
"""Name of a rate -> seconds not scored on each side of a bound of the reference."""


@dataclass(frozen=True, slots=True)
class SpeakerScores:
    """Scores of one call: counts by name of the rate, and how many speakers there are on both sides."""

    der: Mapping[str, SpeakerTimeCounts]
    reference_speakers: int
    hypothesis_speakers: int


def score_speakers(
    reference: Sequence[Segment], hypothesis: Sequence[Segment], duration_s: float
) -> SpeakerScores:
    """Score one call from 0 to `duration_s`, or to the end of the last segment where that is later.

    Segments without times are left out, and so are those whose text holds nothing but tags, such as [noise].
    """
    ref, hyp = _annotation(reference), _annotation(hypothesis)
    ends_s = [duration_s, *(segment.end_s or 0.0 for segment in (*reference, *hypothesis))]
    scored = Timeline([Stretch(0.0, max(ends_s))])
    return SpeakerScores(
        der={name: _der(ref, hyp, scored, collar_s) for name, collar_s in COLLARS_S.items()},
        reference_speakers=len(ref.labels()),
        hypothesis_speakers=len(hyp.labels()),
    )


def _annotation(segments: Sequence[Segment]) -> Annotation:
    annotation = Annotation()
    for place, segment in enumerate(segments):
        if segment.start_s is None or segment.end_s is None:
            continue
        if segment.text is None or without_tags(segment.text):
            annotation[Stretch(segment.start_s, segment.end_s), place] = segment.speaker
    # Stretches of one speaker that touch or overlap are one: nobody talks twice at a time.
    return annotation.support()


def _der(ref: Annotation, hyp: Annotation, scored: Timeline, collar_s: float) -> SpeakerTimeCounts:
    parts = DiarizationErrorRate(collar=2 * collar_s).compute_components(ref, hyp, uem=scored)
    return SpeakerTimeCounts(
        missed_s=float(parts["missed detection"]),
        false_alarm_s=float(parts["false alarm"]),
        confusion_s=float(parts["confusion"]),
        total_s=float(parts["total"]),
    )

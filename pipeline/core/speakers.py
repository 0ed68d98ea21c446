"""Who speaks.

On a call with a channel each the channel is the speaker. On a mono call utterances carry one provisional
speaker until turns are known: those so far while the call goes on, those of the whole call at its end. Then
every word gets the speaker who holds the floor at its middle, and stray words go with their neighbours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from models.types import Turn, Word
from pipeline.core.events import SpeakerPart, UtteranceFinal

PROVISIONAL = "S1"
"""The speaker of a mono call's utterances while nobody has been told apart."""


def speaker_at(turns: Sequence[Turn], at_samples: int) -> str:
    """The speaker who holds the floor at a moment; in a pause, of the nearest turn.

    `turns` are sorted and do not overlap. Without turns everybody is `PROVISIONAL`.
    """
    if not turns:
        return PROVISIONAL
    after = bisect_right(turns, at_samples, key=lambda turn: turn.start_samples)
    before = turns[max(after - 1, 0)]
    if after == 0 or after == len(turns) or at_samples < before.end_samples:
        return before.speaker
    following = turns[after]
    nearer_before = at_samples - before.end_samples <= following.start_samples - at_samples
    return before.speaker if nearer_before else following.speaker


def parts_of(words: Sequence[Word], turns: Sequence[Turn]) -> tuple[SpeakerPart, ...]:
    """The words of an utterance by speaker: parts in order that cover all of them.

    Words whose times are estimated may be off by a word at a change of speaker, so a change inside an
    utterance moves to the nearest end of a sentence or clause within two words.
    """
    speakers = [speaker_at(turns, (word.start_samples + word.end_samples) // 2) for word in words]
    cuts = [i for i in range(1, len(words)) if speakers[i] != speakers[i - 1]]
    parts: list[SpeakerPart] = []
    first = 0
    for cut in [*(_at_clause(words, cut, first) for cut in cuts), len(words)]:
        if cut <= first:
            continue
        parts.append(SpeakerPart(first, cut, _majority(speakers[first:cut])))
        first = cut
    return _joined(parts)


def revise(
    finals: Sequence[UtteranceFinal], turns: Sequence[Turn]
) -> list[tuple[str, tuple[SpeakerPart, ...]]]:
    """Utterance id and parts, in order, for every utterance of a mono call."""
    return [(final.id, parts_of(final.words, turns)) for final in finals]


def _at_clause(words: Sequence[Word], cut: int, first: int) -> int:
    if not words[cut].estimated:
        return cut
    near = sorted(
        range(max(first + 1, cut - 2), min(len(words), cut + 3)), key=lambda at: (abs(at - cut), at)
    )
    ends = [at for at in near if words[at - 1].text[-1:] in ".?!,"]
    return ends[0] if ends else cut


def _majority(speakers: Sequence[str]) -> str:
    return max(sorted(set(speakers)), key=speakers.count)


def _joined(parts: Sequence[SpeakerPart]) -> tuple[SpeakerPart, ...]:
    joined: list[SpeakerPart] = []
    for part in parts:
        if joined and joined[-1].speaker == part.speaker:
            joined.append(SpeakerPart(joined.pop().first_word, part.end_word, part.speaker))
        else:
            joined.append(part)
    return tuple(joined)

"""Words: WER, cpWER and WDER of one call, as counts.

**WER** with basis "channels", where the call has several channels and the reference several speakers: the
words of each channel against those of the speakers on it, summed, so that talking at the same time costs
nothing. A speaker's channel is the one that the reference states; where it states none, or the same one for
all, speakers and channels are paired so that the errors are fewest. With basis "call", all else: the words of
the whole call in order of the segments' starts, whoever said them.

**cpWER** (Watanabe et al. 2020, by meeteval): the words of each speaker joined, under the pairing of
speakers with the fewest errors. A word with the wrong speaker counts twice: once missing, once inserted.
None where meeteval is not installed: it is compiled at installation, so it is an extra (`cpwer`).

**WDER** (Shafey et al. 2019, eq. 1): (S_is + C_is) / (S + C), over the words that a whole-call alignment
matches (C) or substitutes (S), those with an incorrect speaker (is) above the line. Deleted and inserted
words have no counterpart and are left out. Speakers are paired by the same channel, else so that the fewest
words are wrong. None where the reference has no times, since the alignment needs one order of words. Where
people talk at the same time, that order is a convention and a few words can be aligned with the other
speaker's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeVar

import jiwer
import numpy as np
from scipy.optimize import linear_sum_assignment

from eval.counts import ErrorCounts, SpeakerWordCounts
from eval.normalizer import WHISPER_EN, words_of
from models.registry import package_of
from pipeline.formats.segments import Segment, in_order_of_time

Basis = Literal["channels", "call"]
RefT = TypeVar("RefT", bound=Hashable)
HypT = TypeVar("HypT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class WordScores:
    """Scores of one call; `cpwer` is None without meeteval, `wder` where the reference does not allow it."""

    basis: Basis
    wer: ErrorCounts
    cpwer: ErrorCounts | None
    wder: SpeakerWordCounts | None


def score_words(
    reference: Sequence[Segment], hypothesis: Sequence[Segment], channels: int, normalizer: str = WHISPER_EN
) -> WordScores:
    """Score one call of `channels` channels; segments without a text are left out on both sides."""
    ref, hyp = _spoken(reference), _spoken(hypothesis)
    if len({segment.channel for segment in ref}) == 1:
        ref = [replace(segment, channel=None) for segment in ref]
    by_channel = channels > 1 and len({segment.speaker for segment in ref}) > 1
    timed = all(segment.start_s is not None for segment in ref)
    return WordScores(
        basis="channels" if by_channel else "call",
        wer=_channel_wer(ref, hyp, channels, normalizer) if by_channel else _call_wer(ref, hyp, normalizer),
        cpwer=_cpwer(_by_speaker(ref, normalizer), _by_speaker(hyp, normalizer)),
        wder=_wder(ref, hyp, normalizer) if timed else None,
    )


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Pairs of places of a minimum-edit alignment by jiwer; None stands for no counterpart."""
    if not reference or not hypothesis:
        return [(i, None) for i in range(len(reference))] + [(None, j) for j in range(len(hypothesis))]
    chunks = jiwer.process_words([" ".join(reference)], [" ".join(hypothesis)]).alignments[0]
    pairs: list[tuple[int | None, int | None]] = []
    for chunk in chunks:
        refs, hyps = (
            range(chunk.ref_start_idx, chunk.ref_end_idx),
            range(chunk.hyp_start_idx, chunk.hyp_end_idx),
        )
        if chunk.type == "delete":
            pairs.extend((i, None) for i in refs)
        elif chunk.type == "insert":
            pairs.extend((None, j) for j in hyps)
        else:
            pairs.extend(zip(refs, hyps, strict=True))
    return pairs


def count_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> ErrorCounts:
    """Errors of a minimum-edit alignment of words."""
    pairs = align(reference, hypothesis)
    return ErrorCounts(
        deletions=sum(j is None for _, j in pairs),
        insertions=sum(i is None for i, _ in pairs),
        substitutions=sum(
            i is not None and j is not None and reference[i] != hypothesis[j] for i, j in pairs
        ),
        length=len(reference),
    )


def pair_up(
    reference: Sequence[RefT], hypothesis: Sequence[HypT], cost: Sequence[Sequence[int]]
) -> dict[HypT, RefT]:
    """Hypothesis -> reference, one to one, with the lowest sum of `cost` of shape (reference, hypothesis)."""
    if not reference or not hypothesis:
        return {}
    rows, columns = linear_sum_assignment(np.array(cost))
    return {hypothesis[column]: reference[row] for row, column in zip(rows, columns, strict=True)}


def _spoken(segments: Sequence[Segment]) -> list[Segment]:
    return in_order_of_time([segment for segment in segments if segment.text])


def _joined(segments: Sequence[Segment], normalizer: str) -> list[str]:
    # Joined first: numbers and contractions go across the bounds of segments, which differ on both sides.
    return words_of(" ".join(segment.text or "" for segment in segments), normalizer)


def _by_speaker(segments: Sequence[Segment], normalizer: str) -> dict[str, list[str]]:
    speakers = sorted({segment.speaker for segment in segments})
    return {who: _joined([s for s in segments if s.speaker == who], normalizer) for who in speakers}


def _call_wer(ref: Sequence[Segment], hyp: Sequence[Segment], normalizer: str) -> ErrorCounts:
    return count_errors(_joined(ref, normalizer), _joined(hyp, normalizer))


def _channel_wer(
    ref: Sequence[Segment], hyp: Sequence[Segment], channels: int, normalizer: str
) -> ErrorCounts:
    heard = {c: _joined([s for s in hyp if (s.channel or 0) == c], normalizer) for c in range(channels)}
    unplaced = [segment for segment in ref if segment.channel is None]
    found = _channels_of_speakers(_by_speaker(unplaced, normalizer), heard)
    placed: dict[int, list[Segment]] = {channel: [] for channel in heard}
    for segment in ref:
        channel = found.get(segment.speaker, -1) if segment.channel is None else segment.channel
        placed.setdefault(channel, []).append(segment)
    return sum(
        (count_errors(_joined(said, normalizer), heard.get(channel, [])) for channel, said in placed.items()),
        ErrorCounts(),
    )


def _channels_of_speakers(said: Mapping[str, list[str]], heard: Mapping[int, list[str]]) -> dict[str, int]:
    cost = [[count_errors(ref, hyp).errors for ref in said.values()] for hyp in heard.values()]
    return pair_up(list(heard), list(said), cost)


def _cpwer(reference: Mapping[str, list[str]], hypothesis: Mapping[str, list[str]]) -> ErrorCounts | None:
    try:
        from meeteval.wer import cp_word_error_rate
    except ModuleNotFoundError as error:
        if package_of(error) != "meeteval":
            raise
        return None
    score = cp_word_error_rate(reference, hypothesis, reference_sort=False, hypothesis_sort=False)
    return ErrorCounts(score.deletions, score.insertions, score.substitutions, score.length)


def _wder(ref: Sequence[Segment], hyp: Sequence[Segment], normalizer: str) -> SpeakerWordCounts:
    ref_words, hyp_words = _labelled(ref, normalizer), _labelled(hyp, normalizer)
    pairs = align([word for word, _ in ref_words], [word for word, _ in hyp_words])
    together = Counter(
        (ref_words[i][1], hyp_words[j][1]) for i, j in pairs if i is not None and j is not None
    )
    found = _speakers_of_labels(ref, hyp, together)
    return SpeakerWordCounts(
        wrong=sum(n for (speaker, label), n in together.items() if found.get(label) != speaker),
        words=sum(together.values()),
    )


def _labelled(segments: Sequence[Segment], normalizer: str) -> list[tuple[str, str]]:
    """(word, speaker) of each word; a speaker's consecutive segments are normalized together."""
    turns = groupby(segments, key=lambda segment: segment.speaker)
    return [(word, speaker) for speaker, turn in turns for word in _joined(list(turn), normalizer)]


def _speakers_of_labels(
    ref: Sequence[Segment], hyp: Sequence[Segment], together: Mapping[tuple[str, str], int]
) -> dict[str, str]:
    stated = _one_to_one({(s.channel, s.speaker) for s in ref})
    heard = _one_to_one({(s.channel, s.speaker) for s in hyp})
    if len(stated) > 1 and len(heard) > 1:
        return {label: stated[channel] for channel, label in heard.items() if channel in stated}
    speakers, labels = sorted({who for who, _ in together}), sorted({label for _, label in together})
    cost = [[-together.get((who, label), 0) for label in labels] for who in speakers]
    return pair_up(speakers, labels, cost)


def _one_to_one(places: set[tuple[int | None, str]]) -> dict[int, str]:
    """Channel -> speaker where each channel is one speaker's and the other way round, else nothing."""
    known = {channel: speaker for channel, speaker in places if channel is not None}
    return known if len(known) == len(places) == len({speaker for _, speaker in places}) else {}

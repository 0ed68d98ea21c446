"""Mask first, reveal later: decides what every masked stretch of a call was, once enough was said after it.

The utterances of all channels are looked at in one order, by start and then channel, each when nothing that
begins before it can still come. So what is decided, and in which order, depends on neither how audio was cut
nor on the order of results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.text.digits import look
from models.text.harmless import find_harmless
from models.text.secrets import Cue, find_cues
from models.text.secrets_values import corrects, date_of, digits_of, place_of
from models.text.secrets_words import ANSWERS
from models.text.tokens import normal
from models.types import RATE_HZ, Word
from pipeline.core.announcing import (
    NEAR_WORDS,
    Topic,
    is_answer_to,
    is_plain,
    names_value_before,
    refers_back,
    rename_tail,
    told,
)
from pipeline.core.events import SpanResolved, UtteranceFinal
from pipeline.core.naming import Piece, kinds_of, value_of
from pipeline.core.vault import Vault, VaultState

COMPLETE_SAMPLES = 10 * RATE_HZ
"""A secret is complete when its speaker gave no more of it for so long."""
COMPLETE_TURNS = 2
"""The same in further turns, of either side."""
LONGEST_SAMPLES = 90 * RATE_HZ
"""No secret takes longer; stretches after that are another."""
ECHO_SAMPLES = 60 * RATE_HZ
"""How long words of a secret are known again when they are repeated."""
MOST_BETWEEN = 12
"""Words between two stretches that are looked at; more are never fillers alone."""


@dataclass(frozen=True, slots=True)
class HiddenSpan:
    """Words [first, after) of an utterance, and the token that stands for them."""

    first: int
    after: int
    token: str


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance as it was heard, and what of it is masked."""

    utterance_id: str
    channel: int
    start_samples: int
    words: tuple[Word, ...]
    spans: tuple[HiddenSpan, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A secret that was told: its words, so that they are known again when they are repeated."""

    kind: str
    token: str
    words: tuple[str, ...]
    digits: str
    end_samples: int


@dataclass(slots=True)
class ResolvingState:
    """All that a resolver remembers.

    `waiting`: utterances that one that begins earlier may still precede. `chains`: for each channel the
    stretches that are not decided. `between`: for each channel the words since its last stretch. It holds
    words in clear, and so is sealed as snapshots are.
    """

    waiting: list[Said] = field(default_factory=list)
    chains: list[list[Piece]] = field(default_factory=list)
    between: list[list[str]] = field(default_factory=list)
    topic: Topic | None = None
    cues: int = 0
    turn: int = 0
    speaking: int = -1
    known: list[Known] = field(default_factory=list)
    vault: VaultState = field(default_factory=VaultState)

    @classmethod
    def new(cls, channels: int, issued: int = 0) -> ResolvingState:
        """Of a call that begins; numbers of tokens up to `issued` are taken."""
        state = cls(chains=[[] for _ in range(channels)], between=[[] for _ in range(channels)])
        state.vault.taken = issued
        return state


class Resolver:
    """Utterances in; what their masks stood for out."""

    def __init__(self, state: ResolvingState) -> None:
        self._state = state
        self.vault = Vault(state.vault)

    def add(self, said: Said) -> None:
        """An utterance that is out; those of one channel in their order."""
        self._state.waiting.append(said)

    def advance(self, until_samples: int) -> list[SpanResolved]:
        """What is decided once no utterance that begins before this place is still to come."""
        state = self._state
        ready = [said for said in state.waiting if said.start_samples < until_samples]
        if not ready and not any(state.chains):
            return []
        state.waiting = [said for said in state.waiting if said.start_samples >= until_samples]
        out: list[SpanResolved] = []
        for said in sorted(ready, key=lambda said: (said.start_samples, said.channel)):
            out += self._tick(said.start_samples)
            out += self._take(said)
        return out + self._tick(until_samples)

    def undecided_from(self, until_samples: int) -> int:
        """The start of the first utterance with a stretch that is not decided; at most `until_samples`."""
        starts = [chain[0].said_samples for chain in self._state.chains if chain]
        return min([until_samples, *starts])

    def end(self) -> list[SpanResolved]:
        """The call is over and all is said: everything is decided."""
        last = max((said.start_samples for said in self._state.waiting), default=-1)
        out = self.advance(last + 1)
        chains = [chain for chain in self._state.chains if chain]
        for chain in sorted(chains, key=_due):
            out += self._decide(chain[0].channel)
        return out

    def _tick(self, now_samples: int) -> list[SpanResolved]:
        """Chains whose speaker gave no more for long enough."""
        due = [chain for chain in self._state.chains if chain and _due(chain)[0] <= now_samples]
        out: list[SpanResolved] = []
        for chain in sorted(due, key=_due):
            out += self._decide(chain[0].channel)
        return out

    def _take(self, said: Said) -> list[SpanResolved]:
        state = self._state
        if said.channel != state.speaking or len(state.chains) == 1:
            state.turn += 1
            state.speaking = said.channel
        out: list[SpanResolved] = []
        self._refer_back(said)
        for piece in self._pieces(said):
            chain = state.chains[said.channel]
            if chain and (
                piece.start_samples - chain[-1].end_samples >= COMPLETE_SAMPLES
                or piece.end_samples - chain[0].start_samples > LONGEST_SAMPLES
            ):
                out += self._decide(said.channel)
            state.chains[said.channel].append(piece)
        complete = [c for c in state.chains if c and state.turn - c[-1].turn >= COMPLETE_TURNS]
        for chain in sorted(complete, key=_due):
            out += self._decide(chain[0].channel)
        return out

    def _pieces(self, said: Said) -> list[Piece]:
        """The masked stretches of an utterance, each with what was announced before it."""
        state = self._state
        texts = [word.text for word in said.words]
        covered = {i for span in said.spans for i in range(span.first, span.after)}
        cues = [cue for cue in find_cues(texts) if covered.isdisjoint(range(cue.first, cue.after))]
        harmless = [""] * len(texts)
        for one in find_harmless(texts):
            harmless[one.first : one.after] = [one.kind] * (one.after - one.first)
        pieces: list[Piece] = []
        between = state.between[said.channel]
        at = 0
        for span in said.spans:
            between += texts[at : span.first]
            before = [cue for cue in cues if at <= cue.first < span.first]
            for cue in before:
                self._announce(cue, said)
            named = self._follow(cues, span, said)
            topic = self._topic(said.words[span.first])
            pieces.append(
                Piece(
                    said.utterance_id,
                    said.channel,
                    span.token,
                    said.words[span.first : span.after],
                    said.words[span.first].start_samples,
                    max(word.end_samples for word in said.words[span.first : span.after]),
                    state.turn,
                    topic.kind if topic else "",
                    bool(topic and topic.strong),
                    topic.number if topic else -1,
                    bool(before) and is_plain(texts[before[-1].after : span.first]),
                    len(between) <= MOST_BETWEEN and is_plain(between),
                    corrects(between),
                    between[-1] if between else "",
                    is_answer_to(texts, cues, span.first),
                    tuple(harmless[span.first : span.after]),
                    said.start_samples,
                    topic is not None and self._is_asked(topic, said, bool(before)),
                )
            )
            if topic is not None and named:
                known = len(state.chains[said.channel])
                whole = [*state.chains[said.channel], *pieces]
                rename_tail(whole, topic)
                state.chains[said.channel][:], pieces[:] = whole[:known], whole[known:]
            if topic is not None:
                state.topic = told(topic, pieces[-1])
            between.clear()
            at = span.after
        for cue in cues:
            if cue.first >= at:
                self._announce(cue, said)
        between += texts[at:]
        del between[: -MOST_BETWEEN - 1]
        return pieces

    def _announce(self, cue: Cue, said: Said) -> Topic:
        """A cue was said. One that only mentions a thing, or no thing, leaves a clearer one in force."""
        state = self._state
        place = said.words[cue.first]
        topic = self._topic(place)
        kind, strong, number = cue.kind, cue.strong, state.cues
        if topic is not None and topic.strong and not cue.strong:
            return topic
        if kind == "any":
            kind, number = (topic.kind, topic.number) if topic else ("number", number)
        again = topic is not None and topic.strong and topic.kind == kind
        channel = topic.channel if topic is not None and again else said.channel
        state.cues += 1
        end_samples = said.words[cue.after - 1].end_samples
        state.topic = Topic(kind, strong, number, end_samples, state.turn, channel)
        return state.topic

    def _follow(self, cues: Sequence[Cue], span: HiddenSpan, said: Said) -> bool:
        """Whether a cue right after a value is the name of it: "4111 is the code"; it is announced then."""
        topic = self._topic(said.words[span.first])
        numbers = bool(digits_of([word.text for word in said.words[span.first : span.after]]))
        for cue in cues:
            between = [word.text for word in said.words[span.after : cue.first]]
            near = (
                cue.strong
                and topic is None
                and numbers
                and span.after <= cue.first <= span.after + NEAR_WORDS
            )
            if near or (cue.first >= span.after and names_value_before(between, cue)):
                self._announce(cue, said)
                return True
        return False

    def _refer_back(self, said: Said) -> None:
        """A cue before all values of an utterance that names what was said last: "that's the code"."""
        texts = [word.text for word in said.words]
        first = said.spans[0].first if said.spans else len(texts)
        last = max((c for c in self._state.chains if c), key=_ended, default=None)
        cues = find_cues(texts)
        cue = next((cue for cue in cues if cue.strong), None)
        if last is None or cue is None or cue.after > first:
            return
        leads = first < len(texts) and is_plain(texts[cue.after : first])
        if not leads and refers_back(texts, cue, cues, said.channel == last[-1].channel):
            rename_tail(last, self._announce(cue, said))

    def _is_asked(self, topic: Topic, said: Said, announced: bool) -> bool:
        """Whether the other side announced; on a channel for both, whether another utterance did."""
        if len(self._state.chains) == 1:
            return not announced
        return topic.channel not in (None, said.channel)

    def _topic(self, word: Word) -> Topic | None:
        """What is announced at this word."""
        topic = self._state.topic
        reaches = topic is not None and topic.reaches(word.start_samples, self._state.turn)
        return topic if reaches else None

    def _decide(self, channel: int) -> list[SpanResolved]:
        """What the stretches of a channel were; with them its chain is over."""
        state = self._state
        chain = state.chains[channel]
        state.chains[channel] = []
        since = chain[0].start_samples - ECHO_SAMPLES
        state.known = [known for known in state.known if known.end_samples >= since]
        kinds = kinds_of(chain)
        open_or_known = [*state.known, *self._open_secrets()]
        out: list[SpanResolved] = []
        for pieces, kind in _entities(chain, kinds):
            token = self._name(kind, pieces) if kind else ""
            if not kind:
                out += [self._shown(piece, open_or_known) for piece in pieces]
                continue
            out += [_resolved(piece, kind, token) for piece in pieces]
        return out

    def _name(self, kind: str, pieces: Sequence[Piece]) -> str:
        value = value_of(kind, pieces)
        by_kind = {"birth_date": date_of, "address": place_of}
        canonical = by_kind[kind](value.split()) if kind in by_kind else value
        token = self.vault.token(kind, canonical, value, pieces[0].token)
        self._state.known.append(_known(kind, token, pieces))
        return token

    def _open_secrets(self) -> list[Known]:
        """Secrets of chains that are not complete yet; they have no token."""
        return [
            _known(kind, "", pieces)
            for chain in self._state.chains
            if chain
            for pieces, kind in _entities(chain, kinds_of(chain))
            if kind
        ]

    def _shown(self, piece: Piece, told: Sequence[Known]) -> SpanResolved:
        """A stretch that is no secret by itself: revealed, unless it repeats a part of one."""
        words = _content(piece.texts)
        for known in reversed(told):
            if words and known.words and set(words) <= set(known.words):
                return _resolved(piece, known.kind, known.token or piece.token)
        text = " ".join(piece.texts)
        return SpanResolved(
            f"{piece.utterance_id}-{piece.token[1:-1]}",
            piece.channel,
            piece.utterance_id,
            piece.token,
            "revealed",
            text,
            piece.start_samples,
            piece.end_samples,
            piece.words,
        )


def _ended(chain: Sequence[Piece]) -> tuple[int, int]:
    return chain[-1].end_samples, chain[-1].channel


def _due(chain: Sequence[Piece]) -> tuple[int, int]:
    return chain[-1].end_samples + COMPLETE_SAMPLES, chain[0].channel


def _content(texts: Sequence[str]) -> tuple[str, ...]:
    """The words that carry a secret, in normal form."""
    parts = (part for text in texts for part in look(text).parts)
    return tuple(normal(part) for part in parts if part not in ANSWERS)


def _known(kind: str, token: str, pieces: Sequence[Piece]) -> Known:
    texts = [text for piece in pieces for text in piece.texts]
    return Known(kind, token, _content(texts), digits_of(texts), pieces[-1].end_samples)


def _entities(chain: Sequence[Piece], kinds: Sequence[str]) -> list[tuple[list[Piece], str]]:
    """Pieces in order, those of one secret together; the kind is "" where they are none."""
    found: list[tuple[list[Piece], str]] = []
    for piece, kind in zip(chain, kinds, strict=True):
        if found and kind and found[-1][1] == kind and found[-1][0][-1].cue_at == piece.cue_at:
            found[-1][0].append(piece)
        else:
            found.append(([piece], kind))
    return found


def _resolved(piece: Piece, kind: str, token: str) -> SpanResolved:
    return SpanResolved(
        f"{piece.utterance_id}-{piece.token[1:-1]}",
        piece.channel,
        piece.utterance_id,
        piece.token,
        kind,
        token,
        piece.start_samples,
        piece.end_samples,
    )


def said_of(final: UtteranceFinal, hidden: Sequence[tuple[Word, ...]]) -> Said:
    """The utterance with the words that its masks stand for, in the order of its redactions."""
    words: list[Word] = []
    spans: list[HiddenSpan] = []
    waiting = list(zip(final.redactions, hidden, strict=True))
    for word in final.words:
        if waiting and word.text.startswith(waiting[0][0].token):
            redaction, secret = waiting.pop(0)
            spans.append(HiddenSpan(len(words), len(words) + len(secret), redaction.token))
            words += secret
        else:
            words.append(word)
    return Said(final.id, final.channel, final.start_samples, tuple(words), tuple(spans))

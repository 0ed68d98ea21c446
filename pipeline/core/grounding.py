"""Whether a note says what the call says: evidence, and each fact of each statement, without a model.

A fact is looked for in the lines that its statement rests on and those near them: the same turn, question and
answer. `Support` is the worst of a statement's facts; without facts its words decide. Whoever wrote the note,
and whatever was said on the call, what the call does not bear out is left out or flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.text.facts import Fact, Name, find_facts
from models.text.facts_denials import Denial
from models.text.facts_names import MASK, without_masks
from models.text.facts_promises import Act, Owner, speaker_of
from models.text.facts_words import carries, may_be_denied, polar, stem
from models.text.strands import strand_of
from models.text.tokens import Token, spoken_tokens
from models.types import Claim, Flag, Line, Role, Statement, Summary, Support
from pipeline.core.grounding_call import CallText, Voiced
from pipeline.core.grounding_complaints import missing_complaint
from pipeline.core.grounding_evidence import ELSEWHERE, elsewhere, evidence_of
from pipeline.core.grounding_polarity import Polarity
from pipeline.core.grounding_quotes import quote_in, said_by
from pipeline.core.grounding_slots import name_displaced, value_displaced
from pipeline.core.grounding_turns import (
    actors_of,
    affirmed_at,
    denials_left_out,
)
from pipeline.core.grounding_values import check_name, check_value, conflicts
from pipeline.core.grounding_voices import Voice, check_act, check_speaker, share_of

WORDS_SUPPORTED = 0.5
"""A statement without facts is supported when its lines have this share of its words, by weight."""
WORDS_FOUND = 0.25
"""Below this share its words are not found; between the two it stays unchecked."""
ACT_ELSEWHERE = 0.15
"""Share of a statement's words that a line elsewhere must have to vouch for an act."""
BESIDE = 0.3
"""Share of a statement's words that a line beside the cited ones must have where these say another value."""

_WORST: dict[Support, int] = {"supported": 0, "unchecked": 1, "not_found": 2, "contradicted": 3}
_BOUNDS = frozenset({";", ":", ".", ",", "but", "and"})
_TOKEN_LIKE = re.compile(
    r"\[\s*[a-z][a-z_ -]{1,24}\d+\s*\]|[\(\{<\u2039]\s*(?:card|card[_ -]code|expiry|ssn|itin|account|routing"
    r"|phone|email|birth[_ -]date|address|pin|otp|number)[_ -]?\d+\s*[\)\}>\u203a]",
    re.IGNORECASE,
)


def ground(summary: Summary, lines: Sequence[Line], drop_unsupported: bool) -> Summary:
    """The note with evidence that the call has, every fact of it checked.

    `lines` are all that was said. A statement that the call does not bear out (no evidence, a fact not
    found or contradicted, a mask that was never issued) is left out if `drop_unsupported`, else flagged
    "unsupported". A complaint that no statement tells of is added in the customer's words. A field
    whose value names a mask that the call does not have is left out. Notes with a code stay as they are.
    """
    if summary.code != "ok":
        return summary
    call = CallText(lines)
    rows = [_Check(statement, call).result() for statement in summary.statements]
    kept = [row for row in rows if not (drop_unsupported and "unsupported" in row.flags)]
    complaint = missing_complaint(kept, call)
    fields = tuple((name, value) for name, value in summary.fields if not _unissued(value, call))
    return replace(summary, statements=(*kept, *([complaint] if complaint else [])), fields=fields)


@dataclass(slots=True)
class _Context:
    """What one statement is checked against."""

    cited: list[int]
    near: list[int]
    voiced: list[Voiced]


class _Check:
    """The check of one statement."""

    def __init__(self, statement: Statement, call: CallText) -> None:
        self._statement = statement
        self._call = call
        self._tokens = spoken_tokens(without_masks(statement.text))
        self._facts = find_facts(statement.text)
        self._strand = strand_of(statement.text)
        self._stems = _words_beside(self._tokens, self._facts)
        cited = evidence_of(statement, self._stems, call)
        self._found = not any(one in call.places for one in statement.evidence)
        near = call.near(cited)
        self._at = _Context(cited, near, call.voiced(near))
        self._actors = actors_of(self._strand, near, call)
        self._claims: list[Claim] = []
        self._flags: dict[Flag, None] = dict.fromkeys(
            flag for flag in statement.flags if flag == "role_changed"
        )

    def result(self) -> Statement:
        """The statement with evidence, claims, support and flags."""
        quoted = self._quoted()
        if not quoted:
            self._check_facts()
            self._check_polarity()
            self._check_speaker()
        if _unissued(self._statement.text, self._call):
            self._flags["unissued_token"] = None
        support = self._support(quoted)
        if (
            support in ("not_found", "contradicted")
            or not self._at.cited
            or self._flags.keys() - {"role_changed"}
        ):
            self._flags["unsupported"] = None
        return replace(
            self._statement,
            evidence=tuple(self._call.lines[place].id for place in sorted(self._at.cited)),
            support=support,
            claims=tuple(sorted(self._claims, key=lambda claim: (claim.start, claim.end))),
            flags=tuple(self._flags),
        )

    def _quoted(self) -> bool:
        """Whether the statement is a quotation of who said it; it is then checked as a whole."""
        quote = quote_in(self._statement.text, self._call)
        said = said_by(quote, self._call, self._at.near) if quote else None
        if said is False:
            self._flags["wrong_speaker"] = None
        if said:
            self._claims = [Claim(fact.kind, fact.start, fact.end, "supported") for fact in self._facts]
        return bool(said)

    def _check_facts(self) -> None:
        values = [value for place in self._at.near for value in self._call.values(place)]
        for fact in self._facts:
            if isinstance(fact.value, Act):
                self._mark(fact, self._act(fact.value, fact))
            elif isinstance(fact.value, Denial):
                self._mark(fact, self._denial(fact, fact.value))
            elif isinstance(fact.value, Name):
                self._mark(fact, self._name(fact, fact.value))
            else:
                self._mark(fact, self._value(fact, values))

    def _value(self, fact: Fact, values: Sequence[Fact]) -> Support:
        """The support of an amount, date, time or number; a line elsewhere may vouch for it."""
        if value_displaced(fact, self._strand, self._wider(), self._call):
            return "contradicted"
        support = check_value(fact, values)
        if support == "supported" and not self._misplaced(fact):
            return support
        place = elsewhere(fact, self._stems, self._at.near, self._call)
        if place is None:
            return "contradicted" if support == "supported" else support
        self._at.cited.append(place)
        return "supported"

    def _wider(self) -> list[int]:
        """The lines near, and those elsewhere that have most of the statement's words."""
        best = self._call.best(self._stems, self._at.near) if self._stems else []
        return [*self._at.near, *(place for place, share in best if share >= ELSEWHERE)]

    def _misplaced(self, fact: Fact) -> bool:
        """Whether the cited lines say another value here, and the line beside them with this one tells of
        something else."""
        cited = [value for place in self._at.cited for value in self._call.values(place)]
        if check_value(fact, cited) == "supported" or not any(conflicts(fact, other) for other in cited):
            return False
        holders = [p for p in self._at.near if check_value(fact, self._call.values(p)) == "supported"]
        beside = max((share_of(self._stems, self._call.stems[p], self._call) for p in holders), default=0.0)
        return beside < BESIDE

    def _denial(self, fact: Fact, denial: Denial) -> Support:
        at = self._strand.between(fact.start, fact.end)[1]
        alone = (
            affirmed_at(self._strand, at, self._at.near, self._call) if at in self._strand.denied else None
        )
        if alone is None:
            return self._polarity().check(denial)
        return "contradicted" if alone else "supported"

    def _name(self, fact: Fact, name: Name) -> Support:
        support = check_name(name, self._call, self._at.near)
        if support == "supported" and name_displaced(fact, name, self._strand, self._wider(), self._call):
            return "contradicted"
        return support

    def _act(self, act: Act, fact: Fact) -> Support | None:
        """The support of an act; None for one that needs none."""
        if act.noun and self._statement.section == "reason":
            return None
        stems = self._beside(fact) - {act.verb}
        voice = check_act(act, stems | ({act.verb} if not act.kinds else set()), self._at.voiced, self._call)
        if voice.support == "not_found":
            voice = self._act_elsewhere(act, stems, voice)
        if voice.support != "supported" and act.owner == "customer" and self._actors.kept:
            voice = Voice("supported")
        if voice.wrong_speaker:
            self._flags["wrong_speaker"] = None
        firm = act.will or act.owner == "agent"
        return voice.support if firm or voice.support == "supported" or voice.wrong_speaker else None

    def _beside(self, fact: Fact) -> frozenset[str]:
        """The words of the clause that a fact stands in."""
        at = next(i for i, token in enumerate(self._tokens) if token.start >= fact.start)
        first, last = at, at
        while first and self._tokens[first - 1].norm not in _BOUNDS:
            first -= 1
        while last < len(self._tokens) and self._tokens[last].norm not in _BOUNDS:
            last += 1
        return _words_beside(self._tokens[first:last], self._facts)

    def _act_elsewhere(self, act: Act, stems: frozenset[str], voice: Voice) -> Voice:
        """The act told by its owner in lines away from the cited ones that share words with the statement."""
        role: Role | None = None if act.owner == "either" else act.owner
        best = self._call.best(stems or frozenset({act.verb}), self._at.near, role)
        places = [place for place, share in best if share >= ACT_ELSEWHERE]
        again = check_act(act, stems, self._call.voiced(places), self._call)
        if again.support != "supported" or again.line is None:
            return voice
        self._at.cited.append(again.line)
        return again

    def _polarity(self) -> Polarity:
        words = frozenset(polar(token) for token in self._tokens if may_be_denied(token))
        return Polarity(self._call, self._at.voiced, self._at.cited, words)

    def _check_polarity(self) -> None:
        """What the note affirms and the cited lines deny is contradicted."""
        denied = {one for fact in self._facts if isinstance(fact.value, Denial) for one in fact.value.scope}
        words = {polar(token): token for token in self._tokens if may_be_denied(token)}
        for one in self._polarity().turned([one for one in words if one not in denied]):
            at = self._strand.between(words[one].start, words[one].end)[0]
            if affirmed_at(self._strand, at, self._at.near, self._call):
                continue
            self._claims.append(Claim("negation", words[one].start, words[one].end, "contradicted"))
        facts = [fact for fact in self._facts if isinstance(fact.value, Denial)]
        self._turned_over(frozenset(self._strand.between(fact.start, fact.end)[1] for fact in facts))

    def _turned_over(self, checked: frozenset[int]) -> None:
        """Denials that the note leaves out, and those in turns of speech that are no facts ("not sure")."""
        lines = self._at.near
        found = denials_left_out(self._strand, self._at.cited, lines, self._call)
        idle = [
            at for at in self._strand.denied - checked if affirmed_at(self._strand, at, lines, self._call)
        ]
        tokens = {token.start: token for token in self._tokens}
        for at in [*found, *idle]:
            token = tokens[self._strand.starts[min(at, len(self._strand.starts) - 1)]]
            claim = Claim("negation", token.start, token.end, "contradicted")
            if claim not in self._claims:
                self._claims.append(claim)

    def _check_speaker(self) -> None:
        owner: Owner = speaker_of(self._tokens)
        kept = any(claim.kind == "promise" and claim.support == "supported" for claim in self._claims)
        kept = kept or self._actors.kept
        if not kept and check_speaker(owner, self._stems, self._at.voiced, self._call):
            self._flags["wrong_speaker"] = None
        if self._actors.swapped:
            self._flags["wrong_speaker"] = None

    def _mark(self, fact: Fact, support: Support | None) -> None:
        if support is not None:
            self._claims.append(Claim(fact.kind, fact.start, fact.end, support))

    def _support(self, quoted: bool) -> Support:
        worst: Support = max(
            (c.support for c in self._claims), key=lambda one: _WORST[one], default="supported"
        )
        if quoted or worst in ("contradicted", "not_found"):
            return worst
        if "wrong_speaker" in self._flags:
            return "not_found"
        said = frozenset(
            one for place in {*self._at.near, *self._at.cited} for one in self._call.stems[place]
        )
        share = share_of(self._stems, said, self._call) if self._stems else 1.0
        if self._claims:
            return worst if share >= WORDS_FOUND else "unchecked"
        if share >= WORDS_SUPPORTED:
            return "supported"
        return "unchecked" if share >= WORDS_FOUND else "not_found"


def _words_beside(tokens: Sequence[Token], facts: Sequence[Fact]) -> frozenset[str]:
    """Stems of the words of a statement that are in no amount, date, time, number or name."""
    spans = [(fact.start, fact.end) for fact in facts if fact.kind not in ("negation", "promise")]
    return frozenset(
        stem(token.norm)
        for token in tokens
        if carries(token) and not any(start <= token.start < end for start, end in spans)
    )


def _unissued(text: str, call: CallText) -> bool:
    """Whether a text names a mask that no line has, or something that looks like one."""
    shown = "".join(
        char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf"
    )
    if any(mask not in call.masks for mask in MASK.findall(shown)):
        return True
    return any(found[0] not in call.masks for found in _TOKEN_LIKE.finditer(shown))

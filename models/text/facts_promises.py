"""What a note tells as done or promised, and who must have said so.

"Agent will send a card" and "A card will be sent" need the agent's words; "Customer will call back" and
"Customer said the card was lost" need the customer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models.text.facts_clauses import is_verb, supposes
from models.text.facts_denials import find_denials
from models.text.facts_words import ACTS, NEGATORS, PAST, acts_of, carries, stem
from models.text.tokens import Found, Token, listed, norm_at

Owner = Literal["agent", "customer", "either"]

GRANTS = frozenset(
    listed("back off approve give upgrade raise lower promise repair delete stop block activate")
)
"""Kinds of act that cost the bank something, or change what the customer has: the agent must have said so."""

_AGENTS = frozenset(listed("agent agent's we representative rep advisor adviser associate bank"))
_CUSTOMERS = frozenset(listed("customer caller client cardholder he she they"))
_PRONOUNS = frozenset(listed("he she they"))
_CLAUSE_STARTS = frozenset(listed(", ; : . ? ! but and because so when while which that as"))
_HARD_STARTS = frozenset(listed("; . ? ! but and"))
_SKIPPED = frozenset(
    listed("the a an also then so both has have had is was were are been already just now not")
)
_WILL = frozenset(listed("will shall won't i'll we'll they'll he'll she'll it'll gonna 'll"))
_PLEDGES = frozenset(
    listed(
        "promised promises promise guaranteed guarantees agreed agrees committed commits pledged plans"
        " offered"
    )
)
_GUARANTEES = frozenset(listed("promised promises promise guaranteed guarantees committed"))
REPORTS = frozenset(
    map(
        stem,
        listed(
            "said says stated claims mentioned asked wants wanted requested complained believes thinks hopes"
            " expects insists demanded reported disputes wishes told explained confirmed promised offered"
            " advised informed agreed assured apologized noted would feels felt likes inquired enquired"
            " suggested recommended called tried looking asking calling trying stating saying instructed"
            " replied"
        ),
    )
)
_TOLD = frozenset(
    listed("told informed promised advised assured given offered refunded credited granted sent promised")
)
_BE = frozenset(listed("is was were are been be being got gets get has have had"))
_RECEIVES = frozenset(listed("get gets receive receives have see hear expect received got"))
_GRANT_NOUNS = frozenset(
    map(stem, listed("refund credit gift bonus compensation reimbursement waiver discount voucher reward"))
)
_WANTS = frozenset(
    listed("asked wants wanted requested request requests want for demands demanded no about of")
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something done or promised: the stem of its verb, the kinds of act that this may name, and who must
    have said so. `will`: it is still to come. `noun`: it is told by a noun ("a refund of $40"). `maybe`:
    an "if" or a "would" stands beside it."""

    owner: Owner
    verb: str
    kinds: frozenset[str]
    will: bool
    noun: bool = False
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class _Subject:
    """Who a stretch of a sentence is about, and whose report it is, if anybody's."""

    who: Literal["agent", "customer", "other"]
    report: Literal["agent", "customer", ""] = ""
    at: int = 0


def find_acts(tokens: Sequence[Token]) -> list[Found[Act]]:
    """Acts of a note's sentence, in order; those under a negation are left to the negation."""
    denied = {place for denial in find_denials(tokens) for place in denial.places}
    found: list[Found[Act]] = []
    subject = _Subject("other")
    for i in range(len(tokens)):
        subject = _subject(tokens, i, subject)
        if i in denied or tokens[i].kind != "word":
            continue
        act = _pledge(tokens, i, subject) or _past(tokens, i, subject) or _received(tokens, i, subject)
        if act is not None and (not found or act.start >= found[-1].end):
            found.append(act)
    found = found or _granted(tokens)
    return [replace(one, value=replace(one.value, maybe=supposes(tokens))) for one in found]


def _subject(tokens: Sequence[Token], i: int, before: _Subject) -> _Subject:
    """Whose clause begins at token `i`, or goes on there."""
    norm, previous = norm_at(tokens, i), norm_at(tokens, i - 1)
    opens = i == 0 or previous in _CLAUSE_STARTS
    if not opens and i > 1 and previous in ("the", "a") and norm_at(tokens, i - 2) in _CLAUSE_STARTS:
        opens, previous = True, norm_at(tokens, i - 2)
    if i == 1 and previous in ("the", "a"):
        opens = True
    if norm in _PRONOUNS and before.who != "customer":
        return _Subject("other", before.report, i) if opens else before
    if opens and norm in _AGENTS | _CUSTOMERS and (not before.report or i < 2 or previous in _HARD_STARTS):
        return _reported(tokens, i, _Subject("agent" if norm in _AGENTS else "customer", at=i))
    if i and previous in (";", ".", "?", "!"):
        return _Subject("other")
    if opens and i and norm in ("the", "a", "an", "no", "it", "there", "this", "their", "his", "her"):
        return _Subject("other", before.report)
    return before


def _reported(tokens: Sequence[Token], i: int, subject: _Subject) -> _Subject:
    """The subject, as one who reports where a verb of saying or wishing follows."""
    at = i + 1
    passive = False
    while at < len(tokens) and (norm_at(tokens, at) in _SKIPPED or norm_at(tokens, at).endswith("ly")):
        passive = passive or norm_at(tokens, at) in ("was", "is", "were", "are", "been")
        at += 1
    norm = norm_at(tokens, at)
    if passive and norm in _TOLD:
        return _Subject("other", "agent")
    if stem(norm) in REPORTS and norm != "agreed":
        who: Literal["agent", "customer"] = "agent" if subject.who == "agent" else "customer"
        return _Subject(subject.who, who, i)
    return subject


def _pledge(tokens: Sequence[Token], i: int, subject: _Subject) -> Found[Act] | None:
    """ "will send", "going to send", "promised to send", "guaranteed": the act that is to come."""
    norm = norm_at(tokens, i)
    at = i + 1
    if norm == "going" and norm_at(tokens, at) == "to":
        at += 1
    elif norm in _PLEDGES:
        at += norm_at(tokens, at) == "to"
    elif norm not in _WILL or norm == "won't":
        return None
    while norm_at(tokens, at).endswith("ly") or norm_at(tokens, at) in ("also", "be", "then", "now", "soon"):
        at += 1
    if at >= len(tokens) or tokens[at].kind != "word" or tokens[at].norm in NEGATORS:
        return None
    verb = norm_at(tokens, at)
    passive = norm_at(tokens, at - 1) == "be"
    if norm in _PLEDGES and norm_at(tokens, i + 1) != "to":
        grants = any(stem(norm_at(tokens, at + k)) in _GRANT_NOUNS for k in range(4))
        if norm not in _GUARANTEES and not grants:
            return None
        kinds, at, verb = acts_of(tokens, i) | ({"back", "give"} if grants else set()), i, norm
    else:
        kinds = acts_of(tokens, at)
        noun = norm_at(tokens, at) in _RECEIVES and _grant_at(tokens, at)
        kinds = frozenset({"back", "give"}) if noun else kinds
        told = next((k for k in range(at, min(at + 3, len(tokens))) if carries(tokens[k])), at)
        if not kinds and not carries(tokens[told]):
            return None
        verb = norm_at(tokens, told if not kinds else at)
    receives = norm_at(tokens, at) in _RECEIVES and norm_at(tokens, at + 1) not in ("ready", "to", "back")
    mine = subject.who == "customer" and not passive and not receives
    owner: Owner = subject.report or ("customer" if mine else "agent")
    if subject.who == "customer" and norm_at(tokens, at) in ("need", "have", "able") and owner == "customer":
        owner = "either"
    return Found(Act(owner, stem(verb), kinds, will=True), tokens[i].start, tokens[at].end)


def _past(tokens: Sequence[Token], i: int, subject: _Subject) -> Found[Act] | None:
    """ "refunded", "was refunded", "has sent": the act that is done."""
    norm = norm_at(tokens, i)
    if not (norm.endswith("ed") or norm in PAST) or not carries(tokens[i]):
        return None
    kinds = acts_of(tokens, i)
    passive = _passive(tokens, i)
    verb = stem(norm)
    apart = any(
        tokens[k].norm not in _SKIPPED and not tokens[k].norm.endswith("ly") for k in range(subject.at + 1, i)
    )
    if not kinds and apart:
        return None
    if subject.report:
        if not kinds & GRANTS:
            return None
        owner: Owner = subject.report
    elif subject.who == "customer" and not passive:
        owner = "customer"
    elif (subject.who == "agent" and not passive) or (kinds & GRANTS and is_verb(tokens, i)):
        owner = "agent"
    else:
        return None
    if owner != "customer" and not kinds and subject.report:
        return None
    return (
        None
        if verb in REPORTS
        else Found(Act(owner, verb, kinds, will=False), tokens[i].start, tokens[i].end)
    )


def _passive(tokens: Sequence[Token], i: int) -> bool:
    at = i - 1
    while norm_at(tokens, at).endswith("ly") or norm_at(tokens, at) in ("also", "already", "just", "now"):
        at -= 1
    return norm_at(tokens, at) in _BE - {"has", "have", "had"}


def _received(tokens: Sequence[Token], i: int, subject: _Subject) -> Found[Act] | None:
    """ "Customer received a refund": told of the customer, done by the bank."""
    if subject.who != "customer" or subject.report or norm_at(tokens, i) not in _RECEIVES:
        return None
    for at in (_grant_at(tokens, i),):
        if at:
            return Found(
                Act("agent", stem(norm_at(tokens, at)), _kinds(tokens, at), False),
                tokens[i].start,
                tokens[at].end,
            )
    return None


def _grant_at(tokens: Sequence[Token], i: int) -> int:
    """Where one of the next words is a refund, a gift or the like; 0 where none is."""
    reach = range(i + 1, min(i + 6, len(tokens)))
    return next((at for at in reach if stem(norm_at(tokens, at)) in _GRANT_NOUNS), 0)


def _granted(tokens: Sequence[Token]) -> list[Found[Act]]:
    """A sentence without a verb of its own that tells of a grant: "Full refund of $40." """
    for at in range(min(3, len(tokens))):
        wanted = any(norm_at(tokens, k) in _WANTS for k in range(at))
        if stem(norm_at(tokens, at)) in _GRANT_NOUNS and not wanted:
            act = Act("agent", stem(norm_at(tokens, at)), _kinds(tokens, at), will=False, noun=True)
            return [Found(act, tokens[at].start, tokens[at].end)]
    return []


def _kinds(tokens: Sequence[Token], at: int) -> frozenset[str]:
    return ACTS.get(stem(norm_at(tokens, at)), frozenset()) | {"back", "give"}


def speaker_of(tokens: Sequence[Token]) -> Owner:
    """Who must have said what a sentence tells: its subject, where that acts or reports.

    What happens to the customer ("will get", "was told", "has to") is anybody's to say.
    """
    at = 1 if norm_at(tokens, 0) in ("the", "a") else 0
    if norm_at(tokens, at) not in _AGENTS | _CUSTOMERS or norm_at(tokens, at) == "bank":
        return "either"
    who: Literal["agent", "customer"] = "agent" if norm_at(tokens, at) in _AGENTS else "customer"
    subject = _reported(tokens, at, _Subject(who))
    if subject.report:
        return subject.report
    then = [norm_at(tokens, k) for k in range(at + 1, at + 4)]
    if who == "customer" and (set(then) & (_BE | _RECEIVES | _LEFT_OPEN)):
        return "either"
    return who


_LEFT_OPEN = frozenset(listed("must should can could may need needs agreed and owes qualifies 's"))

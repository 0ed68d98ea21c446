"""Clauses of what was said: what each states, denies, asks, supposes or binds its speaker to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.text.facts_denials import find_denials
from models.text.facts_names import without_masks
from models.text.facts_words import PAST, PRONOUNS, acts_of, content_stems, may_be_denied, stem
from models.text.tokens import Token, listed, norm_at, spoken_tokens

_ENDS = frozenset(listed(". ? ! …"))
_CUTS = frozenset(listed(", ; : but because so if when unless while although though"))
_ASKING = frozenset(listed("what when how why who where which whose what's how's where's when's who's"))
_AUXILIARIES = frozenset(
    listed(
        "do does did is are was were am can could will would have has had should shall may might don't"
        " doesn't didn't isn't aren't wasn't can't couldn't won't wouldn't haven't hasn't shouldn't"
    )
)
_SUBJECTS = PRONOUNS | frozenset(listed("the a an there my your any anyone somebody someone"))
_ASKED_LATE = frozenset(listed("can could will would shall should do did may is"))
_PERSONS = frozenset(listed("i you we that"))
_IF = frozenset(
    listed("if unless whether maybe perhaps might suppose assuming would could wouldn't couldn't")
)
BINDING = frozenset(
    listed(
        "will won't shall i'll we'll you'll he'll she'll they'll it'll that'll there'll gonna promise"
        " promised promises guarantee guaranteed guarantees can should expect"
    )
)
_BEFORE_VERB = frozenset(
    listed(
        "to will shall i we you they he she it can could would should must may might not never just also and"
        " then now please me us do did does don't didn't won't can't cannot doesn't i'll we'll you'll he'll"
        " she'll they'll it'll already always gladly personally or we've i've gonna"
    )
)
_BEFORE_ING = frozenset(listed("am is are was were be been i'm we're you're they're he's she's it's"))
_WISHES = frozenset(listed("want wanted wants like love trying try tried hope hoping"))
_YES = frozenset(listed("yes yeah yep yup absolutely certainly exactly correct definitely"))
_NO = frozenset(listed("no nope nah"))
_AGREES = _YES | frozenset(listed("sure okay ok right fine alright perfect great good please done"))


@dataclass(frozen=True, slots=True)
class Clause:
    """What one clause says, in stems of the words that carry meaning.

    `denied` are those that a negation covers, `heads` what each negation denies above all; `acts` the kinds
    of act that its verbs name, `denied_acts` those under a negation. `asks`: it is a question; `supposes`:
    an if, a would, a wish; `denies`: it holds a negation; `binds`: a will, going to, promise or the like.
    """

    stems: frozenset[str]
    denied: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()
    denied_acts: frozenset[str] = frozenset()
    asks: bool = False
    supposes: bool = False
    binds: bool = False
    denies: bool = False

    @property
    def affirmed(self) -> frozenset[str]:
        """What it says without a negation."""
        return self.stems - self.denied


def split_clauses(text: str) -> list[Clause]:
    """Clauses in order. Text without punctuation, as some engines write it, is cut at its conjunctions."""
    tokens = spoken_tokens(without_masks(text))
    clauses: list[Clause] = []
    start = 0
    for i, token in enumerate(tokens):
        if token.norm in _ENDS:
            clauses += _sentence(tokens[start : i + 1])
            start = i + 1
    return clauses + _sentence(tokens[start:])


def answers(text: str) -> str:
    """How a line takes up what came before: "yes", "no", "agrees" (a weaker yes: "okay") or nothing."""
    tokens = spoken_tokens(text)
    words = [token.norm for token in tokens if token.norm not in ("oh", "um", "uh", "well", ",", ".")]
    first, then = (*words, "", "")[:2]
    if first in _NO:
        return "no"
    if first in _YES and then not in ("but", "i"):
        return "yes"
    done = first in ("i", "we", "i'll", "we'll") and {"do", "that"} <= set(words[:5])
    courses = (first, then) in (("of", "course"), ("that's", "right"), ("that", "is"), ("it", "is"))
    if courses or done:
        return "yes"
    return "agrees" if first in _AGREES | _YES else ""


def is_verb(tokens: Sequence[Token], i: int) -> bool:
    """Whether the word at token `i` stands where a verb stands, as far as its neighbours tell."""
    norm, before = norm_at(tokens, i), norm_at(tokens, i - 1)
    if norm.endswith("ing"):
        return before in _BEFORE_ING | _BEFORE_VERB
    if norm.endswith("ed") or norm in PAST:
        return True
    opens = i == 0 or before in _CUTS or before in _ENDS or before.endswith("ly")
    return opens or before in _BEFORE_VERB


def _sentence(tokens: Sequence[Token]) -> list[Clause]:
    if not any(token.kind in ("word", "number") for token in tokens):
        return []
    opens = opens_question(tokens)
    marked = tokens[-1].norm == "?"
    holds_if = any(token.norm in ("if", "unless", "whether") for token in tokens)
    clauses = []
    start = 0
    for i in [*(k for k in range(1, len(tokens)) if _cuts(tokens, k)), len(tokens)]:
        if content_stems(tokens[start:i]) or find_denials(tokens[start:i]):
            asks = opens or (marked and i == len(tokens)) or opens_question(tokens[start:i])
            clauses.append(_clause(tokens[start:i], asks, holds_if))
        start = i
    return clauses or [Clause(frozenset(), asks=opens or marked)]


def opens_question(tokens: Sequence[Token]) -> bool:
    """Whether a sentence begins as questions do, for those that are written without a question mark."""
    at = 0
    while norm_at(tokens, at) in ("and", "so", "but", "well", "okay", "ok", ",", "um", "uh"):
        at += 1
    first, then = norm_at(tokens, at), norm_at(tokens, at + 1)
    return (first in _ASKING and (then in _AUXILIARIES or "'" in first)) or (
        first in _AUXILIARIES and then in _SUBJECTS
    )


def supposes(tokens: Sequence[Token]) -> bool:
    """Whether a sentence tells of what may be, not of what is."""
    return any(token.norm in _IF for token in tokens)


def _wishes(tokens: Sequence[Token], i: int) -> bool:
    """ "want to", "need to", "trying to": what follows is not said to be so."""
    return tokens[i].norm in _WISHES and norm_at(tokens, i + 1) == "to"


def _cuts(tokens: Sequence[Token], i: int) -> bool:
    norm = tokens[i].norm
    if norm in _ASKED_LATE and norm_at(tokens, i + 1) in _PERSONS:
        return norm_at(tokens, i - 1) not in _ASKING
    return norm in _CUTS or (norm == "and" and norm_at(tokens, i + 1) in _SUBJECTS)


def _clause(tokens: Sequence[Token], asks: bool, holds_if: bool) -> Clause:
    denials = find_denials(tokens)
    under = {place for denial in denials for place in denial.places}
    heads = {next((k for k in one.places if may_be_denied(tokens[k])), -1) for one in denials}
    acts: set[str] = set()
    denied_acts: set[str] = set()
    for i in range(len(tokens)):
        kinds = acts_of(tokens, i)
        if kinds and is_verb(tokens, i):
            if i in heads:
                denied_acts.update(kinds)
            elif i not in under:
                acts.update(kinds)
    denied = frozenset(one for denial in denials for one in denial.scope)
    affirmed = content_stems([token for i, token in enumerate(tokens) if i not in under])
    going = any(stem(t.norm) == "go" and norm_at(tokens, i + 1) == "to" for i, t in enumerate(tokens))
    return Clause(
        stems=content_stems(tokens),
        denied=denied - affirmed,
        heads=frozenset(denial.head for denial in denials if denial.scope),
        acts=frozenset(acts),
        denied_acts=frozenset(denied_acts - acts),
        asks=asks,
        supposes=holds_if or any(t.norm in _IF or _wishes(tokens, i) for i, t in enumerate(tokens)),
        denies=bool(denials),
        binds=going or any(token.norm in BINDING for token in tokens),
    )

"""Who is the agent and who the customer on a mono call, by what each speaker says.

A greeting with the brand, an offer to help and questions that verify the caller mark the agent; a need, a
loss and "my account" mark the customer. Weights were set by hand, larger for phrases that only one side of a
service call says. Greetings count double early in the call, where the side that greets is the one that
represents the company, also when the company places the call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from models.types import Role

_OPENING_UTTERANCES = 4
"""Of one speaker: the stretch in which a greeting is a greeting."""
_MIN_LEAD = 1.5
"""Score that makes a speaker an agent, or a customer if negative, where nobody is there to compare with."""


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?:{'|'.join(phrases)})(?![\w'])")


_BRAND = (
    r"(?:bank|credit union|insurance|airlines?|airways|customer (?:service|care|support)|support|team"
    r"|department|center|office|services?)"
)

_GREETING: Final[tuple[tuple[float, re.Pattern[str]], ...]] = (
    (
        5,
        _any(
            r"(?:thank you|thanks) for (?:calling|contacting|reaching|choosing|being)",
            rf"(?:thank you for|welcome to|you've reached) [\w ]*{_BRAND}",
        ),
    ),
    (
        4,
        _any(
            r"how (?:can|may|could) (?:i|we) (?:help|assist|be of)",
            r"(?:what|how) can (?:i|we) do for you",
            r"what (?:brings you|seems to be)",
        ),
    ),
    (
        4,
        _any(
            rf"(?:this is|my name is|i'm|i am|hello|hi) (?:\w+ )?(?:\w+ )?(?:(?:and )?(?:i'm "
            rf"|i am )?(?:calling )?(?:from|with|at) )(?:the )?[\w ]*{_BRAND}",
            rf"(?:this is|you have reached|you've reached|hello) [\w ]{{2,40}}{_BRAND}",
        ),
    ),
    (
        4,
        _any(
            r"(?:may|can|could) i (?:please )?speak (?:to|with)",
            r"am i speaking (?:to|with)",
            r"i(?:'m| am) calling (?:you )?(?:from|on behalf of)",
            r"speaking with (?:mr|mrs|ms|miss)",
        ),
    ),
    (
        2,
        _any(
            r"this is \w+ speaking",
            r"call (?:is|may be|will be) (?:being )?(?:recorded|monitored)",
            r"recorded line",
            r"welcome to",
        ),
    ),
)
"""Weight and pattern of what an agent opens with."""

_AGENT: Final[tuple[tuple[float, re.Pattern[str]], ...]] = (
    (
        4,
        _any(
            r"(?:anything|something) else (?:that )?(?:i|we) (?:can|may|could) (?:help|assist|do)",
            r"anything else (?:today|i can)",
            r"(?:will|would) (?:there )?be (?:anything|all)(?: else)?",
            r"can i (?:help|assist) you with anything",
            r"else (?:i|we) can (?:do|help)",
        ),
    ),
    (
        3,
        _any(
            r"(?:may|can|could) (?:i|you)(?: please)? (?:have|get|take|verify|confirm|provide|give me"
            r"|tell me) (?:the |your|me your)[\w ]*",
            r"what(?:'s| is) (?:the |your )(?:full name|last name|name|date of birth|phone|email"
            r"|address|account number|zip|e-mail|order)",
            r"(?:verify|confirm) your (?:identity|account|name|address)",
            r"for (?:security|verification) (?:purposes|reasons)",
        ),
    ),
    (
        2,
        _any(
            r"i(?:'d| would|'ll| will) be (?:happy|glad|more than happy) to",
            r"i can (?:certainly |definitely )?(?:help|assist) you",
            r"(?:please )?(?:bear with me|allow me|hold on (?:for )?a|one moment)",
            r"let me (?:check|look|see|pull|just check|take a look|verify)",
            r"(?:i(?:'ve| have)|we(?:'ve| have)) (?:\w+ )?(?:sent|ordered|refunded|blocked|scheduled"
            r"|booked|updated|cancelled|canceled|processed|transferred|issued|credited|waived|changed"
            r"|closed|opened|reset)",
            r"(?:sorry|apologi[sz]e) (?:to hear|for (?:the|any|your|that))",
            r"have a (?:great|good|nice|wonderful|lovely) (?:day|one|evening|weekend|rest)",
        ),
    ),
    (
        1,
        _any(
            r"your (?:\w+ )?(?:account|card|balance|order|booking|reservation|payment|claim|policy"
            r"|refund|appointment|request|name|case)",
            r"(?:would|do) you (?:like|want|prefer)",
            r"you(?:'ll| will| should) (?:receive|get|see|need)",
            r"(?:which|what) (?:\w+ ){1,3}(?:would|do|did|are|were) you",
            r"we (?:can|will|have|do|don't|offer|are|need)",
            r"our (?:system|policy|team|records)",
            r"let us know",
            r"we(?:'d|'ll|'re|'ve) ",
            r"sorry (?:about|you|that)",
            r"please (?:send|follow|call|dm|contact|try|check|visit|provide)",
            r"thanks for (?:the|letting|your|getting|reaching)",
            r"you(?:'re| are) welcome",
            r"any (?:other|history|allerg\w+)",
            r"(?:do|have|are|did) you (?:have|had|been|noticed?|taking|feel\w*|smoke|take|get|know"
            r"|still|using)",
            r"(?:can|could) you (?:tell|describe|please|dm|try|send|let)",
        ),
    ),
)
_CUSTOMER: Final[tuple[tuple[float, re.Pattern[str]], ...]] = (
    (
        4,
        _any(
            r"i(?:'m| am|was|'m just| am just) (?:just )?calling (?:about|because|to|in|regarding|for)",
            r"the reason (?:i'm|i am|for my|why i)",
            r"i (?:just )?(?:lost|misplaced|received|got|noticed|found) (?:my|a|an|this)",
            r"my (?:\w+ ){0,2}(?:was|got|has been|is|were) (?:stolen|lost|charged|declined|blocked"
            r"|broken|locked|late|missing)",
        ),
    ),
    (
        2.5,
        _any(
            r"i(?:'d| would) (?:like|love|want) (?:to|a|an|some|help)",
            r"i (?:just |really |also )?(?:need|want|wanted|needed)",
            r"i(?:'m| am) (?:looking|trying|hoping|interested|having)",
            r"i(?:'ve| have) (?:been|had|got) (?:a|an|having|waiting|trying|charged|this|some|really"
            r"|feeling)",
            r"i was (?:wondering|charged|told|hoping)",
            r"(?:can|could|would) you (?:please )?(?:help me|send me|tell me (?:how|what|why|when)"
            r"|check (?:my|on|if)|change my|cancel my|book)",
        ),
    ),
    (
        2,
        _any(
            r"no(?: that's| that is| thank| thanks| that'll| that was| that will)? (?:all|it|you|thanks|be)",
            r"that(?:'s| is|'ll be| will be| was going to be) (?:all|it)",
            r"you've been (?:very |so )?helpful",
        ),
    ),
    (
        1,
        _any(
            r"my (?:\w+ ){0,2}(?:account|card|balance|order|booking|reservation|payment|bill|phone"
            r"|address|flight|money|statement|car|bag|luggage|husband|wife|son|daughter|paycheck"
            r"|password|doctor|gp)",
            r"charged me",
            r"my name is",
            r"how (?:much|long|do i|can i)",
            r"(?:do|does) (?:they|it) (?:have|offer|cost)",
        ),
    ),
)


def assign_roles(utterances: Sequence[tuple[str, str]]) -> dict[str, Role]:
    """The role of each speaker label, from `(label, text)` in order of time.

    Two speakers: one agent, one customer, by the difference of their scores; on a tie the one heard first is
    the agent, because a contact center answers with a greeting. One speaker: by its own score, "unknown" if
    that says little. More: the clearest is the agent; of the rest those who clearly speak as customers are
    customers and the others "unknown". No utterances give an empty answer.
    """
    scores = _scores(utterances)
    if len(scores) == 2:
        agent = max(scores, key=lambda label: scores[label])
        return {label: "agent" if label == agent else "customer" for label in scores}
    roles: dict[str, Role] = {
        label: "customer" if score <= -_MIN_LEAD else "unknown" for label, score in scores.items()
    }
    best = max(scores, key=lambda label: scores[label], default=None)
    if best is not None and scores[best] >= _MIN_LEAD:
        roles[best] = "agent"
    return roles


def _scores(utterances: Sequence[tuple[str, str]]) -> dict[str, float]:
    """How much each label sounds like an agent; labels in the order in which they are first heard."""
    scores: dict[str, float] = {}
    heard: dict[str, int] = {}
    for label, text in utterances:
        words = " ".join(re.sub(r"[^\w' ]+", " ", text.lower().replace("\u2019", "'")).split())
        early = heard.get(label, 0) < _OPENING_UTTERANCES
        gained = (
            _weigh(words, _AGENT) - _weigh(words, _CUSTOMER) + _weigh(words, _GREETING) * (2 if early else 1)
        )
        scores[label] = scores.get(label, 0.0) + gained
        heard[label] = heard.get(label, 0) + bool(words)
    return scores


def _weigh(words: str, cues: Sequence[tuple[float, re.Pattern[str]]]) -> float:
    return sum(weight for weight, pattern in cues if pattern.search(words))

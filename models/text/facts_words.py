"""Words as grounding compares them: their stems, which of them carry meaning, and which acts they name.

Stems serve to compare two texts about one call, not to be read: endings go off, irregular forms come from a
table. The tables are the authors' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from models.text.numbers import SCALES, TEENS, TENS, UNITS
from models.text.tokens import Token, listed, norm_at

PRONOUNS = frozenset(
    listed(
        "i me my mine myself you your yours yourself we us our ours he him his she her hers it its they them"
        " their theirs themselves this that these those who whom whose which what"
    )
)
_FUNCTION = frozenset(
    listed(
        "a an the and or but nor so if then than as of at by for from in into on onto to with within about"
        " after before over under up out off there here when where why how because since until while while"
        " is are was were be been being am do does did doing done have has had having will would shall should"
        " can could may might must ought 's 'll 're 've 'd also just too very really now again still yet"
        " already only even any some all both each every such same other another own more most much many"
        " please thank thanks okay ok yes yeah yep sure well oh um uh right fine good great hello hi bye"
        " goodbye"
        " let get got gets getting go going gone gonna one ones thing things something anything lot bit"
        " able via per etc mr mrs ms mister sir madam i'm i've i'll i'd it's that's there's he's she's"
        " you're you've you'll you'd we're we've we'll we'd they're they've they'll they'd what's let's who's"
        " said says say told tells tell asked asks ask want wants wanted need needs needed like"
        " happen happened happens customer customer's agent agent's caller caller's client call calls"
        " called calling"
    )
)
NEGATORS = frozenset(
    listed(
        "not never no nobody nothing none neither nor without cannot can't won't don't doesn't didn't isn't"
        " aren't wasn't weren't haven't hasn't hadn't couldn't wouldn't shouldn't mustn't ain't nowhere cant"
        " wont dont doesnt didnt isnt wasnt hasnt havent couldnt unable"
    )
)
_COUNTED = frozenset(UNITS) | frozenset(TEENS) | frozenset(TENS) | frozenset(SCALES)
_COUNTED |= frozenset(listed("hundred dollar dollars cents percent"))
STOP = PRONOUNS | _FUNCTION | NEGATORS | _COUNTED
"""Words that carry no meaning of their own; those of amounts are compared as amounts."""

_IRREGULAR = {
    form: base
    for base, forms in {
        "send": "sent",
        "pay": "paid",
        "make": "made",
        "take": "took taken",
        "give": "gave given",
        "buy": "bought",
        "sell": "sold",
        "lose": "lost",
        "find": "found",
        "speak": "spoke spoken",
        "leave": "left",
        "hold": "held",
        "keep": "kept",
        "meet": "met",
        "bring": "brought",
        "think": "thought",
        "come": "came",
        "see": "saw seen",
        "know": "knew known",
        "write": "wrote written",
        "freeze": "froze frozen",
        "steal": "stole stolen",
        "choose": "chose chosen",
        "withdraw": "withdrew withdrawn",
        "drive": "drove driven",
        "hear": "heard",
        "begin": "began begun",
        "break": "broke broken",
        "forget": "forgot forgotten",
        "understand": "understood",
        "spend": "spent",
        "lend": "lent",
        "build": "built",
        "go": "went",
        "run": "ran",
        "fly": "flew flown",
        "rise": "rose risen",
        "wait": "waiting waited",
        "apply": "applied",
    }.items()
    for form in forms.split()
}
PAST = frozenset(_IRREGULAR) | frozenset(listed("put set cut shut reset"))
"""Forms of the past that do not end in -ed."""

_FAMILIES: Mapping[str, str] = {
    "back": "refund return reimburse credit repay compensate reverse",
    "off": "waive remove reverse forgive",
    "delete": "remove delete cancel clear erase wipe",
    "stop": "cancel stop close terminate",
    "block": "block freeze stop lock deactivate suspend disable secure",
    "activate": "activate reactivate unblock unlock enable restore turn switch",
    "order": "order issue request replace reissue",
    "send": "send mail ship email e-mail text forward deliver issue receive arrive come post",
    "open": "open file create start submit raise log register lodge make report launch",
    "book": "book schedule arrange set make reserve fix setup",
    "change": "change update correct edit modify amend switch replace add",
    "pass": "transfer move connect escalate pass forward route refer",
    "approve": "approve grant accept authorize authorise agree confirm",
    "give": "give gift award offer pay put add provide deposit credit compensate grant apply",
    "upgrade": "upgrade promote",
    "raise": "increase raise extend double",
    "lower": "lower reduce decrease cut discount halve",
    "promise": "promise guarantee assure commit pledge swear",
    "repair": "fix resolve repair solve settle correct",
    "call": "call phone contact ring reach",
    "appear": "show see appear arrive come receive get post",
    "take": "take charge collect process debit bill",
    "mark": "mark flag note record",
    "review": "review look check investigate examine research",
    "verify": "verify validate authenticate",
    "on": "turn enable set activate add",
}
_POLAR = dict.fromkeys(listed("want wants wanted need needs needed"), "want") | dict.fromkeys(
    listed("call calls called calling"), "call"
)
_POLAR |= {"able": "able", "sure": "sure", "say": "say", "ask": "ask", "asked": "ask", "know": "know"}
_VOWELS = frozenset("aeiouy")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a word in normal form: "refunded", "refunding" and "refunds" are "refund"."""
    word = word.removesuffix("'s").removesuffix("'")
    if word in _IRREGULAR:
        word = _IRREGULAR[word]
    for ending, least in (("ies", 5), ("ied", 5), ("ing", 6), ("ed", 5), ("es", 5), ("ly", 6), ("s", 4)):
        if len(word) < least or not word.endswith(ending):
            continue
        bare = word[: -len(ending)]
        if ending in ("ies", "ied"):
            return bare + "y"
        if ending == "s" and word.endswith(("ss", "us", "is")):
            return word
        if not _VOWELS & set(bare):
            return word
        return _closed(bare, ending)
    return word.removesuffix("e") if len(word) > 3 else word


def _closed(bare: str, ending: str) -> str:
    """One form for "stopped" and "stop", "charged" and "charge", "boxes" and "box"."""
    if ending in ("ing", "ed") and len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "ls":
        return bare[:-1]
    if ending == "es" and not bare.endswith(("s", "x", "z", "ch", "sh")):
        return bare
    return bare.removesuffix("e") if len(bare) > 3 else bare


ACTS: Mapping[str, frozenset[str]] = {
    stem(verb): frozenset(kind for kind, verbs in _FAMILIES.items() if verb in verbs.split())
    for verb in {verb for verbs in _FAMILIES.values() for verb in verbs.split()}
}
"""Stem of a verb -> kinds of act that it may name; two verbs with a kind in common may tell one act."""
_BACK_VERBS = frozenset(map(stem, listed("pay give put get send bring have receive money")))


def content_stems(tokens: Sequence[Token]) -> frozenset[str]:
    """Stems of the words that may be affirmed or denied."""
    return frozenset(polar(token) for token in tokens if may_be_denied(token))


def may_be_denied(token: Token) -> bool:
    """Whether a word carries meaning, or is one of the plain verbs of wishing and telling."""
    return carries(token) or token.norm in _POLAR


def polar(token: Token) -> str:
    """Its stem; wanting and needing are one."""
    return _POLAR.get(token.norm) or stem(token.norm)


def carries(token: Token) -> bool:
    """Whether a token is a word that carries meaning; one letter does not."""
    return token.kind == "word" and len(token.norm) > 1 and token.norm not in STOP


def acts_of(tokens: Sequence[Token], i: int) -> frozenset[str]:
    """The kinds of act that the verb at token `i` may name; empty for other words.

    "Pay back", "get your money back" give back, whatever else the verb says.
    """
    base = stem(tokens[i].norm)
    kinds = ACTS.get(base, frozenset())
    returned = base in _BACK_VERBS and any(norm_at(tokens, i + k) == "back" for k in range(1, 6))
    return kinds | {"back"} if returned else kinds

"""What a caller is about to say: phrases that announce a card number, a birthday, an address.

A cue is looked for in plain words, the longest phrase first. Kinds are those of secrets; "number" is any
other identifier, as of an order or a member; "any" says that a value of what was named before follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CUE_KINDS: Final = (
    "card",
    "card_code",
    "expiry",
    "ssn",
    "itin",
    "account",
    "routing",
    "phone",
    "email",
    "birth_date",
    "address",
    "pin",
    "otp",
    "number",
    "password",
    "any",
)
"""Every kind that a cue can have."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words [first, after) announce a value of `kind`; a weak one only mentions the thing: "my card"."""

    kind: str
    strong: bool
    first: int
    after: int


_NUMBER = r"(?:numbers?|digits?|#)"
_STRONG: Final[tuple[tuple[str, str], ...]] = (
    (
        "itin",
        r"itin|i t i n|(?:individual )?tax ?payer(?: identification)?(?: id| i d)? ?(?:numbers?)?"
        r"|tax (?:id|i d|identification)(?: numbers?)?",
    ),
    (
        "ssn",
        r"social security(?: numbers?)?|social numbers?"
        r"|social(?! (?:media|history|life|circle|work|club|anxi|gather|drink|smok"
        r"|dist|net|serv|skill|situ|event|st|asp)\\w*)"
        r"|ssn|s s n|last (?:four|4) of (?:your|my|the) social",
    ),
    (
        "card_code",
        r"security (?:code|coat|cord|number|digits|value)|c[vb][vcbd]2?s?|c [vb] [vcbd]|c v v (?:2|two)"
        r"|csc|c s c|cid|c i d"
        r"|card (?:verification|identification|security) (?:code|value|number)"
        r"|(?:three|four|3|4)[ -]digit (?:security )?(?:code|one)(?: on the (?:back|front))?"
        r"|(?:code|digits|numbers?) (?:on|at) the front|(?:(?:code|digits|numbers?) )?(?:on|at|off|from) the"
        r" (?:back|reverse)(?: side)?"
        r"|three (?:digits|numbers)(?: on the (?:back|front))?|back (?:of (?:the|my|your|that|it)(?: card)?"
        r"|says)"
        r"|signature (?:strip|panel|box|line|bar|field)|(?:by|next to|near|beside|over|after) (?:the|my|your)"
        r" signature|(?:turn|flip) (?:it|(?:the|my|your|that) card) over",
    ),
    (
        "expiry",
        r"expir(?:y|ation)(?: (?:dates?|month|year))*|expires?(?: on| in)?|expiring|exp(?: date)?"
        r"|(?:good|valid) (?:through|thru|until|till|to)|until when (?:is|was) \w+(?: card)? (?:good|valid)"
        r"|month and (?:the )?year(?! (?:you|i|he|she))|dates? (?:it|the card) expires|runs? out(?: on"
        r"| in)?|end date|date (?:on|at) (?:it|the (?:front|card))",
    ),
    (
        "otp",
        r"(?:verification|confirmation|authentication|access|login|log in|one[ -]time|temporary) "
        r"(?:pass ?)?(?:codes?|pass ?words?|pins?|passcodes?)|one[ -]time pass ?codes?|otp|o t p|pass ?codes?"
        r"|codes? (?:from|in|by) (?:the|my|your|a) (?:text|message|sms|app|email)(?: message)?"
        r"|code (?:we|i|they|that we|that i) (?:just )?(?:sent|texted)|two[ -]factor(?: code)?",
    ),
    (
        "pin",
        r"personal identification numbers?|(?:four|six|4|6|[45])[ -]digit pins?|pin(?: (?:numbers?"
        r"|codes?))?|pins(?= (?:are|is))|p i n",
    ),
    (
        "routing",
        rf"(?:aba |a b a )?(?:routing|transit)(?: {_NUMBER})?|(?:aba|a b a)(?: {_NUMBER})?|sort codes?",
    ),
    (
        "birth_date",
        r"(?:(?:date|day|month|year|and) )*(?:dates?|day|month|year) of birth|birth ?(?:dates?|days?|years?"
        r"|months?)"
        r"|dob|d o b|(?:was|were|am|i'm|is) born|born(?: on| in)?|(?:year|month|day|date)s? (?:i|he|she"
        r"|you) (?:was|were) born",
    ),
    (
        "email",
        r"e[ -]?mails?(?: address(?:es)?| accounts?| id)?|mailbox",
    ),
    (
        "phone",
        rf"(?:tele)?phone {_NUMBER}|(?:cell|mobile|home|work|office|landline|contact|call ?back|fax|best)"
        rf"(?: (?:tele)?phone)? {_NUMBER}|(?:call|reach|text|ring) (?:me|you|us|him|her|them)(?: back)?"
        rf" (?:at|on)|{_NUMBER} (?:to (?:call|reach)|(?:we|i) can (?:call|reach)|i'm calling from)"
        r"|area code",
    ),
    (
        "address",
        r"(?:(?:mailing|home|billing|street|postal|shipping|delivery|current|new|old|full|physical|house)"
        r" )*address(?:es)?|(?:i|we|you|they|he|she|i'm|we're) (?:(?:currently|now|still) )?(?:live|lives"
        r"|living"
        r"|stay|staying) (?:at|on|in)|moved to|lives at|resid(?:e|es|ing) (?:at|on|in)|residence"
        r"|(?:zip|postal|post) ?codes?|(?:my|your|the) zip|zip (?:is|please)|what(?:'s| is) (?:the|your) zip"
        r"|where (?:[\w']+ ){1,8}(?:live|living|staying|located|ship|send|sent|shipped|mail|mailed|delivered)"
        r"|(?:send|ship|mail|deliver|sent|mailed) (?:it|that|them|this) to|city and (?:the )?state"
        r"|(?:street|house|apartment|unit|suite) (?:name|numbers?|please)|p ?o box|post office box"
        r"|(?:what|which) (?:street|city|town|state)|spell the (?:street|city|town)"
        r"|(?:my|your|the) (?:city|town|street) is|statements? go(?:es)?",
    ),
    (
        "card",
        rf"(?:(?:credit|debit|bank|visa|gift|my|your|the|sixteen|16|fifteen|digit|amex|master) ?)*"
        rf"card(?:'s)? {_NUMBER}|{_NUMBER} (?:on|of) (?:the|my|your) (?:front of (?:the|my|your) )?"
        r"(?:credit |debit |bank )?card|long number|card (?:is|ends?|ending)(?: (?:with|in|on))?"
        r"|(?:visa|mastercard|amex|american express)(?: card)? (?:is|ends?|ending|number)",
    ),
    (
        "account",
        r"(?:(?:checking|savings?|bank|current|deposit|loan|member) )*(?:accounts?|acct)(?:'s)? "
        rf"(?:{_NUMBER}|is|ends?|ending)(?: (?:with|in|on))?|iban"
        rf"|{_NUMBER} (?:on|of|for) (?:the|my|your) (?:checking |savings? |bank )?account",
    ),
    (
        "number",
        rf"(?:order|reference|confirmation|booking|tracking|case|ticket|policy|member(?:ship)?|claim|invoice"
        rf"|license|licence|passport|customer|serial|record|loyalty|employee|train|reservation|id|i d|record"
        rf" locator) (?:{_NUMBER}|codes?|id|i d|is)",
    ),
    ("password", r"pass ?words?|pass ?phrases?|(?:security|secret) (?:answer|word)s?"),
    (
        "any",
        rf"codes? (?:is|was)|{_NUMBER} (?:is|was|are)|ending (?:in|with)|ends (?:in|with)"
        r"|last (?:four|4|three|3) ?(?:digits?|numbers?)?",
    ),
)
_WEAK: Final[tuple[tuple[str, str], ...]] = (
    ("card", r"(?:credit|debit|bank) cards?|cards?|visa|mastercard|amex"),
    ("account", r"accounts?|acct"),
    ("phone", r"(?:tele)?phone|cell|mobile|call ?back"),
    ("otp", r"text message"),
    (
        "number",
        rf"{_NUMBER}|codes?|id|i d|references?|confirmation|policy|tracking|order|license|licence|passport"
        r"|membership|zip",
    ),
)
_FRAME = r"(?<![\w'])(?:{})(?:'s)?(?![\w'])"
_PATTERNS: Final = tuple(
    (kind, strong, re.compile(_FRAME.format(pattern)))
    for strong, table in ((True, _STRONG), (False, _WEAK))
    for kind, pattern in table
)
_LETTERS = re.compile(r"\b[a-z] [a-z]\b")
_LETTER_BEFORE = re.compile(r"\b[b-hj-z] $")
_LETTER_AFTER = re.compile(r" [b-hj-z]\b")
_PLAIN = re.compile(r"[^\w'# -]+")


def find_cues(texts: Sequence[str]) -> list[Cue]:
    """The cues in the words of one utterance, in order, not overlapping; strong ones come first."""
    plain = [_PLAIN.sub("", text).replace("\u2019", "'").casefold().replace("-", " ") for text in texts]
    line, starts = "", []
    for text in plain:
        starts.append(len(line))
        line += text + " "
    taken = [False] * len(texts)
    found = []
    for kind, strong, pattern in _PATTERNS:
        for match in pattern.finditer(line):
            first, after = _words_of(starts, match.start(), match.end())
            if _is_spelled(line, match) or not match[0].strip():
                continue
            if not any(taken[first:after]):
                taken[first:after] = [True] * (after - first)
                found.append(Cue(kind, strong, first, after))
    return sorted(found, key=lambda cue: cue.first)


def _is_spelled(line: str, match: re.Match[str]) -> bool:
    """Whether letters that look like "a b a" are a part of a word that is spelled."""
    if not _LETTERS.search(match[0]):
        return False
    return bool(_LETTER_BEFORE.search(line[: match.start()]) or _LETTER_AFTER.match(line[match.end() :]))


def _words_of(starts: Sequence[int], start: int, end: int) -> tuple[int, int]:
    first = max(i for i, at in enumerate(starts) if at <= start)
    after = max(i for i, at in enumerate(starts) if at < end) + 1
    return first, after

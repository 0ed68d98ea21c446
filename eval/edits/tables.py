"""Closed lists of words that decide about an edit. All are lower case."""

from __future__ import annotations

from typing import Final, Literal

from models.text.facts_words import stem
from models.text.tokens import listed

Side = Literal["agent", "customer"]

ARTICLES: Final = frozenset(listed("the a an"))
"""Left out of content: notes are written with and without them, and they change no fact."""

ABBREVIATIONS: Final = {
    short: full.split()
    for full, shorts in {
        "account": "acct acc",
        "accounts": "accts",
        "additional": "addl",
        "address": "addr",
        "agent": "agt",
        "amount": "amt",
        "and": "&",
        "appointment": "appt",
        "appointments": "appts",
        "application": "appl",
        "approximately": "approx",
        "available": "avail",
        "balance": "bal",
        "because": "b/c bc",
        "call back": "c/b callback",
        "checking": "chkg",
        "confirmation": "conf",
        "credit card": "cc",
        "customer": "cust cx cst",
        "customers": "custs",
        "date of birth": "dob",
        "department": "dept",
        "document": "doc",
        "documents": "docs",
        "follow up": "f/u followup",
        "follow ups": "followups",
        "information": "info",
        "manager": "mgr",
        "message": "msg",
        "number": "num nbr",
        "okay": "ok",
        "password": "pwd pw",
        "payment": "pmt pymt",
        "payments": "pmts pymts",
        "please": "pls plz",
        "previous": "prev",
        "received": "recd rcvd",
        "reference": "ref",
        "representative": "rep",
        "request": "req",
        "requested": "reqd",
        "service": "svc",
        "statement": "stmt",
        "statements": "stmts",
        "supervisor": "supv spvr",
        "transaction": "txn trx",
        "transactions": "txns",
        "transfer": "xfer trf",
        "verification": "verif",
        "with": "w/",
        "without": "w/o",
    }.items()
    for short in shorts.split()
}
VALUE_WORDS: Final = {
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "yest": "yesterday",
    "wk": "week",
    "wks": "weeks",
    "mos": "months",
    "yr": "year",
    "yrs": "years",
    "tues": "tuesday",
    "tue": "tuesday",
    "thu": "thursday",
    "thur": "thursday",
    "thurs": "thursday",
    "fri": "friday",
}
"""Short forms that belong to dates and times, written out before those are read."""

CONTRACTIONS: Final = {
    "won't": ("will", "not"),
    "wont": ("will", "not"),
    "can't": ("can", "not"),
    "cant": ("can", "not"),
    "cannot": ("can", "not"),
    "shan't": ("shall", "not"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "isnt": ("is", "not"),
    "wasnt": ("was", "not"),
    "hasnt": ("has", "not"),
    "havent": ("have", "not"),
    "couldnt": ("could", "not"),
    "it's": ("it", "is"),
    "that's": ("that", "is"),
    "there's": ("there", "is"),
    "he's": ("he", "is"),
    "she's": ("she", "is"),
}
ENDINGS: Final = {"'ll": "will", "'re": "are", "'ve": "have", "'m": "am"}

NEGATIONS: Final = frozenset(
    listed("not no never nobody nothing none neither nor without nowhere unable ain't")
)
OPPOSITES: Final = ("un", "in", "im", "ir", "il", "dis", "de", "non")
"""Prefixes that turn a word into its opposite."""
ANTONYMS: Final = frozenset(
    frozenset(stem(word) for word in pair.split())
    for pair in (
        "accepted declined",
        "accepted rejected",
        "added removed",
        "after before",
        "bought sold",
        "correct incorrect",
        "correct wrong",
        "credit debit",
        "decreased increased",
        "deposit withdrawal",
        "deposited withdrew",
        "deposited withdrawn",
        "disabled enabled",
        "early late",
        "ended started",
        "expired valid",
        "failed passed",
        "failed succeeded",
        "failed successful",
        "found lost",
        "higher lower",
        "inbound outbound",
        "incoming outgoing",
        "lowered raised",
        "more less",
        "off on",
        "received sent",
        "started stopped",
    )
)
"""Stems of words that turn a fact around where one stands for the other."""
MODALS: Final = frozenset(listed("will shall would may might can could should must"))

SIDES: Final[dict[str, Side]] = {
    **dict.fromkeys(listed("agent agents representative advisor adviser associate bank we us our"), "agent"),
    **dict.fromkeys(listed("customer customers caller client cardholder member"), "customer"),
}
PERSONAL: Final = frozenset(listed("i he she they you it we his her their this that who nobody everybody"))
SAYS: Final = frozenset(
    listed(
        "called calls asked asks said says wants wanted requested requests reported reports stated states"
        " confirmed confirms agreed agrees complained complains claimed claims explained disputed inquired"
        " mentioned"
    )
)
"""What persons do: the capitalised word before one of them, at the begin of a sentence, is a name."""

DISPOSITIONS: Final = {
    word: group
    for group, words in {
        "resolved": "resolved solved fixed settled",
        "open": "unresolved pending outstanding unsettled",
        "closed": "closed",
        "reopened": "reopened",
        "escalated": "escalated escalation",
        "approved": "approved granted",
        "denied": "denied declined rejected refused",
        "cancelled": "cancelled canceled",
        "disconnected": "disconnected abandoned",
    }.items()
    for word in words.split()
}
"""How a matter ended -> a group of words that say the same.

Words that mean other things too ("open", "transferred", "completed") are left out: what they are changed to
is nearly always one of these.
"""
FIELDS: Final = (
    "disposition",
    "call disposition",
    "disposition code",
    "outcome code",
    "resolution",
    "status",
    "wrap-up code",
)
"""Titles of lines whose whole value is the disposition."""

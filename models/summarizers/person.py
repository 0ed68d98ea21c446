"""Telling in the third person what was said in the first and second.

Only pronouns, the verb next to them and a closed list of frame words change; every other word stays as it
was said. Where a clause has no form that is known to turn out right, it is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from models.summarizers.wordlists import (
    ADVERBS,
    AUXILIARIES,
    CONNECTORS,
    FRAME_WORDS,
    PLAIN_START,
    QUESTION,
    SAME_VERBS,
)

_BASE_VERBS = (
    "need want think know see get like love hope believe guess live work use pay owe wish prefer "
    "understand remember feel "
    "hear keep receive call find look plan expect notice give take make come send bring agree own "
    "bank travel require"
)
INFLECTED: Final = {f"{verb}s": verb for verb in _BASE_VERBS.split()} | {
    "tries": "try",
    "goes": "go",
    "wishes": "wish",
}
"""Form for the third person -> what was said."""

_THIRD: Final = {verb: form for form, verb in INFLECTED.items()} | {
    "am": "is",
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
    "don't": "doesn't",
    "haven't": "hasn't",
    "aren't": "isn't",
    "weren't": "wasn't",
}


_EXPANDED: Final = (
    (re.compile(r"\bi'?m\b", re.I), "I am"),
    (re.compile(r"\bi'?ve\b", re.I), "I have"),
    (re.compile(r"\bi'll\b", re.I), "I will"),
    (
        re.compile(
            r"\bi'd(?= (?:really |also |just |still )?(?:like|love|prefer|rather|appreciate|want|need"
            r"|be|have to)\b)",
            re.I,
        ),
        "I would",
    ),
    (re.compile(r"\bi'd(?= (?:been|\w+ed|already|never|made|paid|sent|got|gone)\b)", re.I), "I had"),
    (re.compile(r"\byou're\b", re.I), "you are"),
    (re.compile(r"\byou've\b", re.I), "you have"),
    (re.compile(r"\byou'll\b", re.I), "you will"),
    (re.compile(r"\byou'd(?= (?:like|love|prefer|rather|want|need|be)\b)", re.I), "you would"),
    (re.compile(r"\b(?:gonna)\b", re.I), "going to"),
    (re.compile(r"\b(?:wanna)\b", re.I), "want to"),
)

_COMMANDS: Final = (
    r"(?:check|send|tell|give|cancel|block|find|book|change|refund|transfer|reserve|make|close|open"
    r"|update|stop|fix|replace|help"
    r"|call|bring|keep|visit|return|sign|destroy|cut|monitor|watch|contact|review|follow|dm|try|use"
    r"|reach|go|look|reset|order|show)"
)

_AUXILIARIES: Final = AUXILIARIES | frozenset(_THIRD)
_OWN_GROUP: Final = (
    ("we", "they"),
    ("we're", "they're"),
    ("we've", "they've"),
    ("we'll", "they'll"),
    ("our", "their"),
    ("us", "them"),
)
"""A customer's "we" is the customer's people; "we" in a note is the side that keeps it."""
_DAYS: Final = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|april|june|july"
    r"|august|september"
    r"|october|november|december)\b"
)


def words_of(text: str) -> list[str]:
    """Lower-case words of a statement or an utterance, masks and amounts whole."""
    return [
        word.strip("'")
        for word in re.findall(r"[\[\]\w$€£%'&@#*+/.:,-]*\w[\]\w'%$€£]*", text.replace("\u2019", "'").lower())
    ]


def ungrounded(text: str, evidence: Iterable[str], speaker: str = "") -> set[str]:
    """Words of a statement that neither its evidence, nor the frame, nor the speaker's label accounts for."""
    said = set(words_of(speaker))
    for line in evidence:
        for word in words_of(_expanded(line)) + words_of(line):
            said.update({word, *word.split(",")})
    return {
        word
        for word in words_of(text)
        if not {word, INFLECTED.get(word, word), word.removesuffix("'s")} & (said | FRAME_WORDS)
    }


def quoted(text: str, name: str, asks: bool) -> str:
    """The words themselves, named by who said them: 'Customer asked: "What is the fee?"'."""
    body = _capital(_bare(text))
    end = " ..." if text.endswith(" ...") else "?" if asks else "."
    return f'{name} {"asked" if asks else "said"}: "{body}{end}"'


def told(text: str, name: str, other: str) -> str | None:
    """The clause in the third person, or None where only a quote is safe.

    `name` says it ("Customer", "Agent", a label), `other` is who is spoken to.
    """
    text = re.sub(r"^(?:unfortunately|so|and),? ", "", written_out(text), flags=re.I)
    is_agent = name == "Agent"
    request = _request(text, name, other)
    if request is None:
        request = _agent(text) if is_agent else _customer(text, name, other)
    if request is None:
        return None
    return _DAYS.sub(lambda match: match.group().capitalize(), _capital(request)) + "."


def written_out(text: str) -> str:
    """Contractions in full, without "please", quotes and punctuation around it."""
    return _expanded(_bare(text))


def _bare(text: str) -> str:
    text = re.sub(r"(?:^|(?<= ))please,?(?: |$)|,? please(?=[.,]|$)", "", text, flags=re.I)
    text = re.sub(r"\s+", " ", text.replace("\u2019", "'").replace('"', "")).strip(" ,;:-.?!")
    letters = [char for char in re.sub(r"\[[A-Z]+_\d+\]", "", text) if char.isalpha()]
    shouted = len(letters) > 8 and sum(char.isupper() for char in letters) > 0.8 * len(letters)
    text = text.lower() if shouted and "[" not in text else text
    return re.sub(r"\b(i)(?=$|[ ']|[,.])", "I", text)


def _expanded(text: str) -> str:
    for pattern, full in _EXPANDED:
        text = pattern.sub(full, text.replace("\u2019", "'"))
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lowered(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first.lower()} {rest}" if first.lower() in PLAIN_START else text


def _lowered_verb(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _request(text: str, name: str, other: str) -> str | None:
    """Requests: "can you send me a card" -> "Customer asked the agent to send them a card"."""
    is_agent = name == "Agent"

    def rest(tail: str) -> str | None:
        return _pronouns_agent(tail, named=bool(you)) if is_agent else first_to_third(tail)

    you = re.match(
        rf"(?:(?:I (?:was|am) )?wondering if you (?:can|could|would)|(?:can|could|would"
        rf"|will) you(?! (?:mind|like|want|be|have))"
        rf"|(?={_COMMANDS} )) ?(?:just )?(?=\w+ \w)",
        text,
        re.I,
    )
    if you:
        tail = rest(text[you.end() :])
        return tail and f"{name} asked {other} to {_lowered_verb(tail)}"
    me = re.match(
        r"(?:(?:I (?:was|am) )?wondering if I (?:can|could)|(?:can|could|may) I) (?:just )?(?=\w+ \w)",
        text,
        re.I,
    )
    if me and not is_agent:
        tail = rest(text[me.end() :])
        return tail and f"{name} asked to {tail}"
    let = re.match(r"let me (?:just )?(?=\w+)", text, re.I)
    if let and is_agent:
        tail = rest(text[let.end() :])
        return tail and f"{name} will {tail}"
    bare = re.match(r"(?:just )?(looking|trying|calling|hoping)\b|(?:just )?(wanted|needed)\b", text, re.I)
    if bare:
        tail = rest(text[bare.start(bare.lastindex or 0) :])
        return tail and f"{name} {'is ' if bare.group(1) else ''}{tail}"
    return None


def _customer(text: str, name: str, other: str) -> str | None:
    text = re.sub(r"(?<=\b(?:want|need|sure) )you to\b|(?<=\basking )you to\b", f"{other} to", text)
    body = first_to_third(text[2:] if text.startswith("I ") else text)
    if body is None or re.search(r"\b(?:will|would|can|could|should) they\b", body):
        return None
    if text.startswith("I "):
        if (whole := _with_verb(name, body, text[2:])) is not None:
            return whole
        return f"{name} said they {body}"
    if re.match(r"my \w+ (?!and I)", text, re.I) and len(text.split()) > 3:
        return f"{name}'s {body.split(' ', 1)[1]}"
    first = body.split(" ", 1)[0].lower()
    if re.match(r"my \w+ and I\b", text, re.I):
        return None
    plain = first in PLAIN_START - QUESTION or not first[:1].isalpha()
    return f"{name} said {_lowered(body)}" if plain and len(text.split()) > 3 else None


def _agent(text: str) -> str | None:
    first = text.split(" ", 1)[0]
    body = _pronouns_agent(text[2:] if first == "I" else text)
    if body is None or first.lower() in QUESTION:
        return None
    if first == "I":
        body = body.replace("the agent's", "their") if "customer" not in body else body
        return _with_verb("Agent", body, text[2:])
    if first.lower() in {"you", "your"}:
        return re.sub(r"^the customer", "Customer", body)
    lead = body if body.startswith("the customer") else _lowered(body)
    return (
        f"Agent said {lead}"
        if first.lower() in PLAIN_START or "customer" in body or len(text.split()) > 4
        else None
    )


def _with_verb(name: str, body: str, said: str) -> str | None:
    """Subject and rest with the verb that agrees, if the verb is known and no second one hangs on it."""
    words = body.split(" ")
    place = 0
    while place < len(words) - 1 and words[place].lower() in ADVERBS:
        place += 1
    verb = words[place].lower().strip(",")
    form = agreed(verb)
    conjunct = re.search(r"\b(?:and|but|or) (?:also |then |just )?(\w+)\b", said)
    hangs = (
        conjunct is not None
        and conjunct.group(1).lower() in _THIRD
        and not re.match(r"(?:will|would|can|could|want|need|to)\b", said)
    )
    if form is None or hangs:
        return None
    words[place] = words[place].replace(verb, form) if verb in words[place] else form
    return f"{name} {' '.join(words)}"


def agreed(verb: str) -> str | None:
    """The verb, in lower case, as it goes with "she"; None if that is not known."""
    if verb in _THIRD:
        return _THIRD[verb]
    return verb if verb in SAME_VERBS or verb.endswith("ed") else None


def first_to_third(text: str) -> str | None:
    """First person to singular "they"; None where the clause speaks to the other side."""
    text = re.sub(
        r"\byou(?= (?!need)(?:\w{3,}ed|sent|told|said|gave|took|made|put|lost|sold)\b)",
        "<we>",
        text,
        flags=re.I,
    )
    text = re.sub(r"\byour\b", "<our>", text, flags=re.I)
    if re.search(r"\b(?:you|yours|yourself|you're|you've|you'll|you'd)\b|\band I\b(?! \w+ )", text, re.I):
        return None
    text = re.sub(r"\bI am\b", "they are", text)
    text = re.sub(r"\bI was\b", "they were", text)
    text = re.sub(r"\bI'd\b", "they'd", text)
    text = re.sub(r"\bam I\b", "they are", text)
    text = re.sub(r"\bI\b", "they", text)
    for first, third in (
        ("me", "them"),
        ("my", "their"),
        ("mine", "theirs"),
        ("myself", "themselves"),
        *_OWN_GROUP,
    ):
        text = re.sub(rf"(?<!<)\b{first}\b", third, text, flags=re.I)
    return text.replace("<we>", "we").replace("<our>", "our")


def _pronouns_agent(text: str, named: bool = False) -> str | None:
    """First person to the agent, second to the customer, later "they"; None if a verb is not known."""
    if re.search(r"\b(?:can|may|could|do|did|should|shall|would|are|have) (?:I|you)\b", text, re.I):
        return None
    text = re.sub(r"\band I (will|am|have)\b", lambda m: f"and {_THIRD.get(m.group(1), m.group(1))}", text)
    text = re.sub(r"\bI (\w+)", lambda m: f"the agent {agreed(m.group(1)) or '?'}", text)
    for first, third in (
        ("me", "the agent"),
        ("my", "the agent's"),
        ("mine", "the agent's"),
        ("myself", "the agent"),
    ):
        text = re.sub(rf"\b{first}\b", third, text, flags=re.I)
    words = text.split(" ")
    third_party = re.search(r"\b(?:they|them|their|theirs|he|she|him|her)\b", text, re.I) is not None
    for place, word in enumerate(words):
        core = word.lower().strip(",.")
        if core in {"you", "your", "yours", "yourself"}:
            after = words[place + 1] if place + 1 < len(words) else ""
            before = words[place - 1].lower() if place else ""
            words[place] = word.lower().replace(core, _second_person(core, before, after.lower(), named))
            if core == "you" and not named and is_subject(before, after.lower()):
                verb_at = place + 1 + (after.lower() in ADVERBS)
                verb = words[verb_at].strip(",") if verb_at < len(words) else ""
                if agreed(verb.lower()) is None:
                    return None
                words[verb_at] = words[verb_at].replace(verb, agreed(verb.lower()) or verb)
            named = not third_party
    text = " ".join(words)
    return None if "?" in text or re.search(r"\byou\b|\byou'", text, re.I) else text


def _second_person(core: str, before: str, after: str, named: bool) -> str:
    if core == "your":
        return "their" if named else "the customer's"
    if core == "yours":
        return "theirs" if named else "the customer's"
    if core == "yourself":
        return "themselves"
    if not named:
        return "the customer"
    return "they" if is_subject(before, after) else "them"


def is_subject(before: str, after: str) -> bool:
    """Whether a pronoun between these two words, either of which may be missing, is a subject."""
    return (
        not before or before.strip(",") in CONNECTORS or after.strip(",") in _AUXILIARIES or after in ADVERBS
    )

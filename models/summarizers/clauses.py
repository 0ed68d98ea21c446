"""From lines of speech to clauses that can stand in a note.

Speech recognition cuts lines at pauses, not at sentences, and its full stops are guesses. So lines of one
party are joined into turns, fillers and repeats are dropped, and turns are cut again at sentence ends and
where a new subject starts. Each token remembers its line, and so a clause knows its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from models.summarizers import cues
from models.summarizers.wordlists import (
    ASKING_WORDS,
    CONDITIONS,
    DANGLING,
    NODS,
    OPEN_BEFORE,
    REPEATABLE,
)
from models.text.sentences import split_sentences
from models.text.worth import bare, party, spoken
from models.types import Line, Role

_CONDITIONS_INSIDE: Final = frozenset({"if", "unless", "once"})
_DETERMINERS: Final = frozenset({"a", "an", "my", "your", "this", "these"})
_JOINING: Final = (DANGLING | OPEN_BEFORE | REPEATABLE) - {"i", "i'm", "i've"}

_SUBJECT: Final = (
    r"(?= (?:i|i'm|i've|i'll|i'd|it|it's|that|that's|we|we've|we'll|you|you're|there|there's|the|my"
    r"|your|he|she|they|this|let)\b)"
)
_LEAD: Final = re.compile(
    r"(?:okay|ok|alright|all right|so|well|yeah|yes|yep|yup|nope|and|but|or|oh|now|then|perfect"
    r"|absolutely|of course|wonderful|awesome"
    r"|excellent|exactly|basically|you know|i mean|got it|no problem|excuse me|to recap"
    r"|to summari[sz]e|let's see"
    r"|(?:hi|hello|hey)(?: there)?(?: [a-z]+(?= (?:i|i'm|i've|my|can|could|this)\b))?|good (?:morning"
    r"|afternoon|evening)"
    r"|thank you(?: so much| very much)?|thanks(?: so much)?|i'm sorry|sorry|that's fine|actually|also"
    rf"|(?:no|great|good|fine|cool|sure|right|correct|first|second|like|i see|again|there){_SUBJECT}"
    r"|my name is [a-z]+(?: [a-z]+)?(?= (?:i|and i|my)\b))(?= )"
)
_TAIL: Final = re.compile(
    r"(?<= )(?:please|thank you(?: so much| very much)?|thanks(?: so much)?|okay|ok|alright|all right"
    r"|(?<!all )(?<!is )(?<!be )right|you know|for me please|sir|ma'am|and|but|so"
    r"|or|yeah|today please|um|then|uh|is that okay|if that's okay|actually|right now|for you now"
    r"|(?<!just )(?<!right )(?<!from )now)$"
)
_INNER: Final = re.compile(
    r"(?<!do )(?<!let )(?<!if )(?<!did )\byou know\b(?! (?:what|if|that|how|when|the|my|your))"
    r"|\bi mean\b|\bgo ahead and\b|\b(?:sir|ma'am)\b"
    r"|\b(?:actually|basically|honestly|literally|obviously)\b|(?:(?<=\bi )|(?<=\bi'm )|(?<=\bi've )"
    r"|(?<=\bwe've )|(?<=\bwas ))just\b"
    r"|\bkind of\b(?= (?:a |like|just))|\bsort of\b"
)
_HARD_CUT: Final = re.compile(
    r"\b(?:is there anything|can i do anything|anything else|my name is|can you (?:please )?help me"
    r"|how (?:can|may) i (?:help|assist)|have a (?:great|good|nice|wonderful)|thank you for"
    r"|and (?:i|you|we|it|they|he|she|your|i've|i'll|i'm|i'd|you'll|we'll|we've|it's|can you"
    r"|could you|then|is|what|which)\b(?= \S+ \S+)"
    r"|but (?:i|you|we|it|they|i've|i'll|i'm|you'll|we'll|we've|it's|there's|unfortunately)\b(?= \S+)"
    r"|so (?:i|you|we|i've|i'll|i'm|i'd|you'll|we'll|we've)\b(?= \S+ \S+)|they(?:'ll| will)\b"
    r"|hope you\b|hope that\b)"
)
_SOFT_CUT: Final = re.compile(
    r"\b(?:(?:can|could|would) you|i would like|i'd like|i'm calling|i am calling|thank you|thanks"
    r"|okay|alright|all right|what(?: is|'s| was)"
    r"|which|let me|i will|i'll|i've|i have|i'm going|you should|you will|you'll|we will|we'll|we've"
    r"|your(?= (?:\w+ ){1,3}(?:is|are|has|will)\b)|but(?! only| not| if)|unfortunately|i need|i want"
    r"|i lost|so|do you|you can|have you|is that|are you|i am|i was|i had|it will|it can|they told"
    r"|to recap|call us|please|may i|was that|is this|make sure)\b(?= \S+)"
)
_LONG_SENTENCE: Final = 20
_SMALL_START: Final = re.compile(r"(?<=[a-z]{3}\.) (?=[a-z])")
"""Small engines write a small letter after a full stop; written English does so only after abbreviations."""


@dataclass(frozen=True, slots=True)
class Token:
    """One written word, and the index of the line that it stands in."""

    text: str
    line: int

    @property
    def norm(self) -> str:
        """Lower case, straight apostrophe, no punctuation around it; may be empty."""
        return bare(self.text)


@dataclass(frozen=True, slots=True)
class Clause:
    """Words of one party that belong together; `turn` counts turns of the call from 0."""

    tokens: tuple[Token, ...]
    role: Role
    speaker: str
    turn: int
    asks: bool = False

    @property
    def text(self) -> str:
        """As written, joined by single spaces; capitals that only come from a new line are lowered."""
        words = []
        for place, token in enumerate(self.tokens):
            goes_on = place > 0 and self.tokens[place - 1].line != token.line
            common = token.norm in _JOINING or self.tokens[place - 1].norm in _DETERMINERS
            words.append(token.text.lower() if goes_on and common and token.text.istitle() else token.text)
        return " ".join(words)

    @property
    def norm(self) -> str:
        """Normalized, for the patterns of `cues`."""
        return " ".join(token.norm for token in self.tokens)

    @property
    def lines(self) -> tuple[int, ...]:
        """Indexes of the lines that the words stand in, ascending."""
        return tuple(sorted({token.line for token in self.tokens}))


def split(lines: Sequence[Line], whole_up_to: int = 0) -> list[Clause]:
    """All clauses of a call in order of time; the empty and the wordless give none.

    A sentence of at most `whole_up_to` words is one clause, where its end can be seen at all.
    """
    texts = [spoken(line) for line in lines]
    full = [words for words in texts if len(words) > 2]
    punctuated = sum(words[-1][-1] in ".?!" for words in full) >= 0.3 * max(len(full), 1)
    clauses: list[Clause] = []
    for turn, members in enumerate(_turns(lines, texts)):
        for sentence in _sentences(members, texts, punctuated):
            if punctuated and len(sentence) <= whole_up_to:
                clauses.append(_whole(sentence, lines[members[0]], turn))
            else:
                clauses += _cut(sentence, lines[members[0]], turn, not punctuated)
    return [clause for clause in clauses if clause.tokens]


def _turns(lines: Sequence[Line], texts: Sequence[Sequence[str]]) -> list[list[int]]:
    """Indexes of lines by turn: a nod of the other party does not end a turn."""
    turns: list[list[int]] = []
    for index, line in enumerate(lines):
        if not texts[index]:
            continue
        recent = turns[-2:]
        same = [turn for turn in recent if party(lines[turn[0]]) == party(line)]
        nods = len(recent) == 2 and same == recent[:1] and all(_is_nod(texts[i]) for i in recent[1])
        if same and (same[-1] is recent[-1] or nods):
            same[-1].append(index)
        else:
            turns.append([index])
    return turns


def _is_nod(words: Sequence[str]) -> bool:
    return len(words) <= 2 and all(bare(word) in NODS for word in words)


def _sentences(members: Sequence[int], texts: Sequence[Sequence[str]], punctuated: bool) -> list[list[Token]]:
    """Sentences of a turn; one whose line breaks off goes on in the next line."""
    sentences: list[list[Token]] = [[]]
    for index in members:
        whole = split_sentences(" ".join(texts[index]))
        parts = [piece.split() for part in whole for piece in _SMALL_START.split(part.text)]
        for part in parts[:-1]:
            sentences[-1] += [Token(word, index) for word in part]
            sentences.append([])
        *most, final = parts[-1]
        goes_on = bare(final) in DANGLING
        sentences[-1] += [Token(word, index) for word in most]
        sentences[-1].append(Token(final.rstrip(".,") if goes_on else final, index))
        if not goes_on and (final[-1] in ".?!" or not punctuated):
            sentences.append([])
    return [_without_repeats(sentence) for sentence in sentences if sentence]


def _without_repeats(tokens: list[Token]) -> list[Token]:
    """Drop the first of two equal runs of one to three words ("I would I would like")."""
    kept = list(tokens)
    for size in (3, 2, 1):
        place = 0
        while place + 2 * size <= len(kept):
            run = [token.norm for token in kept[place : place + size]]
            again = [token.norm for token in kept[place + size : place + 2 * size]]
            if run == again and not any(
                word in REPEATABLE or word[:1].isdigit() or len(word) == 1 != (word == "i") for word in run
            ):
                del kept[place : place + size]
            else:
                place += 1
    return kept


def _cut(sentence: list[Token], first: Line, turn: int, unmarked: bool) -> Iterable[Clause]:
    asks = sentence[-1].text.endswith("?")
    norms = [token.norm for token in sentence]
    text = " ".join(norms)
    patterns = (_HARD_CUT, _SOFT_CUT) if unmarked or len(norms) > _LONG_SENTENCE else (_HARD_CUT,)
    starts = {text[: match.start()].count(" ") for pattern in patterns for match in pattern.finditer(text)}
    bounds = [0]
    for start in sorted(starts - {0}):
        if start - bounds[-1] >= 2 and _may_cut(norms, bounds[-1], start):
            bounds.append(start)
    bounds.append(len(sentence))
    for begin, end in pairwise(bounds):
        yield Clause(
            _trim(tuple(sentence[begin:end])), first.role, first.speaker, turn, asks and end == len(sentence)
        )


def _whole(sentence: list[Token], first: Line, turn: int) -> Clause:
    asks = sentence[-1].text.endswith("?")
    return Clause(_trim(tuple(sentence)), first.role, first.speaker, turn, asks)


def _may_cut(norms: Sequence[str], begin: int, start: int) -> bool:
    """Whether neither side of the cut loses a condition, a doubt or a "but" that limits it."""
    before, word = norms[begin:start], norms[start]
    if word == "but":
        return len(before) <= 4 or cues.CHATTER.search(" ".join(before)) is not None
    if word not in {"and", "so"} and (before[-1] in OPEN_BEFORE or before[-1] in DANGLING):
        return False
    if before[0] in ASKING_WORDS and word in {"can", "could", "would", "do", "is", "are"}:
        return False
    opens = next((norm for norm in before if norm not in {"and", "but", "so", "okay", "now"}), "")
    return opens not in CONDITIONS and not _CONDITIONS_INSIDE.intersection(before[-8:])


def _trim(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Without courtesies and hesitation at both ends and inside."""
    tokens = _dropped(tokens, _INNER)
    before = 0
    while before != len(tokens):
        before = len(tokens)
        norm = " ".join(token.norm for token in tokens)
        if lead := _LEAD.match(norm):
            tokens = tokens[lead.group().count(" ") + 1 :]
        elif tail := _TAIL.search(norm):
            tokens = tokens[: -(tail.group().count(" ") + 1)]
    return tokens


def _dropped(tokens: tuple[Token, ...], pattern: re.Pattern[str]) -> tuple[Token, ...]:
    norm = " ".join(token.norm for token in tokens)
    gone: set[int] = set()
    for match in pattern.finditer(norm):
        begin = norm[: match.start()].count(" ")
        gone.update(range(begin, begin + match.group().count(" ") + 1))
    return tuple(token for place, token in enumerate(tokens) if place not in gone)

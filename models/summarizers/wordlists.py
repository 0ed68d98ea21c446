"""Closed lists of words that the summarizer goes by, lower case."""

from __future__ import annotations

from models.text.worth import HESITATIONS


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NODS = HESITATIONS | _set("okay ok yes yeah yep right alright sure great perfect and oh i see got it no")
"""What a listener says without taking the floor."""
REPEATABLE = _set(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred "
    "very"
)
"""Said twice in a row they may both be meant."""
DANGLING = _set(
    "a an the my your our their his her its this these to of for with from in on at by about into and or "
    "but so because if when while that than as is are was were am be been has have had will would can "
    "could should i we you's i'm we're you're i've who which what how until since per via not just like "
    "get got"
)
"""Words that cannot end a sentence: a line that ends in one goes on in the next."""
OPEN_BEFORE = _set(
    "if when that what because where how as which who the a an than while until once unless whether why "
    "to do does did can could will would should may not have don't didn't and but so or of for with think "
    "sure promise guarantee hope believe say said saying know afraid guess told tell confirm mean doubt "
    "see wish expect unlikely likely possible mind note write understand"
)
"""After these a new subject belongs to what was begun: to cut there would drop a doubt or a condition."""
CONDITIONS = _set("if unless once when until since after before while although")
FRAME_WORDS = _set(
    "customer customer's agent agent's said asked to the they them their theirs themselves is are was "
    "were has have does doesn't hasn't isn't wasn't will would not and call ended after for "
    "we our other party"
)
"""Words that a statement may hold without having been said."""
SAME_VERBS = _set(
    "was had did will would can could should may might must can't cannot couldn't won't wouldn't "
    "shouldn't didn't hadn't wasn't lost got saw made sent bought paid went came found heard forgot took "
    "thought told said spoke left put set read gave kept met felt knew became began broke chose drove "
    "fell flew grew held led let meant ran sat sold spent stood stole understood woke won wrote i'd you'd "
    "just"
)
"""Verbs with one form for all persons."""
ADVERBS = _set("just also still really already recently never always only currently definitely probably now")
"""May stand between subject and verb."""
PLAIN_START = _set(
    "the a an there there's it it's that that's this these those we we're we've we'll my your our one two "
    "three four five six seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety some "
    "someone somebody no not all if in on within after for from with as any each every what when where "
    "how why which who because once since until by at he she they he's she's they're but and so or then "
    "usually today yesterday tomorrow last next every both most many other another can could would will "
    "is are do does"
)
"""Take no capital inside a sentence."""
CONNECTORS = _set(
    "and but so that if when because once what which who where how until then as before after while "
    "whether or unless"
)
"""A subject may follow."""
QUESTION = _set("what how why which who where can could would will is are do does")
NUMBER_WORDS = _set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "dollars dollar cents"
)
WEAK = _set(
    "need want wants like would help anything something know thing things question questions call calling"
)
"""Alone they give no reason for a call."""
STOP_WORDS = FRAME_WORDS | _set(
    "a an i you your my me we our us it its this that these those of in on at from with by about as be "
    "been am do did can could should may might just so if or but i'm i've i'd i'll it's that's there up "
    "out okay right now then get got going go also any some all one no yes"
)
"""Carry no meaning of their own."""
ASKING_WORDS = _set("what which how when where who why")
QUESTION_START = _set("what how why which who where is are do does did would should")
AUXILIARIES = SAME_VERBS | _set("is has does receive am are were have do don't haven't aren't weren't")
EVERYDAY = _set(
    "really very much more well think know see like good great nice thing things something anything "
    "everything lot bit little maybe even still only want need take make say tell come look too here time "
    "way let give back sure yeah actually kind sort mean guess pretty always never day today much many two "
    "first last new long big old able feel put stuff quite rather probably already else find hear keep "
    "people lots ever yet again around off over down before through since being gonna had would use used "
    "work works"
)
"""Talk of any kind is full of them: they say less of what it is about than other words do."""

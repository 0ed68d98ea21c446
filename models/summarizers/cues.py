"""What gives a clause away: word patterns over normalized text (lower case, straight apostrophes, no
punctuation around words, single spaces).

The lists are the authors' own, tuned on bank calls read by a small speech model, on hand-typed bank calls
without punctuation, and on customer-care chats.
"""

from __future__ import annotations

import re
from typing import Final

MASK = r"\[[a-z]+_\d+\]"
"""A masked span, in normalized (lower) case."""

DONE_VERB = (
    r"(?:[a-z]{3,}ed|sent|put|made|set|taken|given|got|gotten|done|written|told|let|found|spoken|frozen"
    r"|withdrawn|paid|begun|sold|bought|shut|cut)"
)
SPAN = r"(?:minutes?|hours?|(?:business |working |calendar )?days?|weeks?|months?|years?)"


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w']){'(?:' + '|'.join(alternatives) + ')'}(?![\w'])")


META: Final = _words(
    r"(?:ignore|disregard|forget|override) (?:all |any |of |the |your |these |those |every )*"
    r"(?:previous|prior|above|earlier|other|former|existing)?\s?(?:instructions?|rules|prompts?"
    r"|guidelines|directions)",
    r"system prompt|language model|as an ai|prompt injection",
    r"(?:write|put|say|state|record|type|note|add|include|report) (?:down |it |this )?(?:in (?:the|your|my) "
    r"(?:note|notes|summary|record|report|transcript|file)|that (?:the|my|i|this|you|all|every))",
    r"(?:summary|notes?|report|transcript) (?:must|should|shall|has to|have to|needs? to|will) "
    r"(?:say|state|read|show|tell|include|mention|contain)|wrap.?up note",
    r"(?:summarizer|summariser)|(?:write|note|state) (?:down )?that (?:he|she|they|we)",
)
"""Words addressed to whatever writes the note. They are no part of the call's business."""

CHATTER: Final = _words(
    r"(?:can|could|would) you (?:please )?(?:hear|repeat|say that|spell|hold|bear|confirm|verify"
    r"|give me one)",
    r"repeat that|say that again|what was that|pardon|how are you|nice to (?:meet|talk|speak)",
    r"(?:one|just a|a|give me a|give me one) (?:second|moment|sec|minute)|hold on|bear with me"
    r"|(?:still )?with me",
    r"my (?:full |first |last )?name is|this is [a-z]+ speaking|speaking with|may i (?:have|know|get"
    r"|speak|ask)",
    r"(?:can|could|may) i (?:please )?(?:have|get|know|take|ask|put|place|verify|confirm|start|help|assist)"
    r" (?:you|your|the|with|who)",
    r"(?:date of birth|expir\w+ date|security code|mother's maiden|last four|security question"
    r"|verify your|for verification|birthday|zip code)",
    r"how (?:can|may) i (?:help|assist)|(?:help|assist) you (?:with|today|in|out)|happy to (?:help|assist)",
    r"(?:help|assist) with (?:that|this|today)|anything else|any other questions|that was it"
    r"|that's (?:all|it)",
    r"that (?:will|would|was going to|is gonna) be (?:all|it)|that'll be (?:all|it)|all i needed?",
    r"(?:thank you|thanks) (?:for|so|very)|you(?:'re| are) welcome|have a (?:good|great|nice"
    r"|wonderful|safe|lovely)",
    r"(?:take care|good ?bye|bye|good (?:morning|afternoon|evening)|see you|no problem|my pleasure"
    r"|enjoy your)",
    r"appreciate (?:it|that|your|the|you)|sounds (?:good|great)|i(?:'m| am) (?:so |very "
    r"|really )?(?:sorry|good|fine)",
    r"(?:sorry|apologi[sz]e) (?:to hear|for|about)|i (?:completely |totally )?(?:understand|see"
    r"|appreciate|apologi[sz]e)",
    r"let (?:me|us) (?:just |quickly )?(?:check|see|look|pull|find|verify|take|get|have|ask)",
    r"i(?:'ll| will| can| would|'d) (?:just |definitely |certainly |be (?:happy|glad|able"
    r"|more than happy) to )*"
    r"(?:help|assist|check|look|take a look|pull|see what|ask you|need to (?:verify|ask)|be right)",
    r"i(?:'ll| will) be (?:happy|glad|right)|(?:get back|be back) (?:to|with) you in a|i don't know"
    r"|i guess so",
    r"call (?:is|may be) (?:being )?recorded|who am i|am i speaking|thank you|recorded line|let's see",
    r"does that (?:work|make sense|sound)|is that (?:ok|okay|correct|right|all)|i hope",
    r"all right then|let (?:me|us) know|you can go ahead$|let (?:me|us) (?:just )?(?:confirm|recap"
    r"|repeat|read)|good to go"
    r"|(?:help|assist) me(?: out)?(?: with (?:that|this|it))?$|(?:need|for) your (?:help|assistance)$"
    r"|of course|as well bye|you too|welcome to|i think that's",
)
"""Courtesies, holding, verification: true of nearly every call, and so worth nothing in a note."""

GREETING: Final = _words(
    r"for (?:calling|holding|waiting)|my (?:full |first |last )?name is|speaking with|this is \w+ speaking",
    r"how (?:can|may) i (?:help|assist)|(?:can|could) you hear|anything else"
    r"|have a (?:good|great|nice|lovely)",
)
"""Courtesies that hold nothing else, in talk of any kind."""

ANYTHING_ELSE: Final = _words(
    r"anything else|something else|any other questions|else (?:i|we) (?:can|may|could)"
)
ANOTHER_TOPIC: Final = _words(
    r"(?:one|another|second|other|next) (?:more )?(?:thing|question|issue|problem|reason|topic"
    r"|request)|one more|also|while i have you"
    r"|while i'm (?:here|on)|the other (?:thing|reason)|second(?:ly)?|as well",
)
FAREWELL: Final = _words(
    r"good ?bye|bye|have an? (?:\w+ )?(?:one|day|night|evening|weekend|flight|trip|time|week"
    r"|afternoon|morning)|thank you|thanks|take care|you too"
    r"|that's (?:all|it|everything)|(?:will|'ll|would) be (?:all|it)|no problem|welcome|enjoy your"
)

REQUEST: Final = _words(
    r"(?:i'm|i am|was|just) calling|calling (?:about|because|to|regarding|in|with|for)|reason (?:for|i|why)",
    r"i(?:'d| would) (?:like|love|want|rather)|i(?:'m| am) (?:just )?(?:looking|trying|hoping"
    r"|interested|inquiring)",
    r"i (?:just |really |also |still )?(?:want|wanted|need|needed|wish)|(?:want|wanted|need|needed"
    r"|like|trying) to",
    r"i (?:was|am|'m) wondering|i'm wondering|(?:can|could|would|will) you|help me|looking (?:for|to)",
    r"(?:can|could|may) i|how (?:do|can|would|could) i|have (?:a|an|another|some|two"
    r"|three) (?:\w+ )?(?:questions?|problems?|issues?|complaints?)",
    r"question is (?:about|whether|if|how)|questions? (?:about|on|regarding)",
    r"is (?:there|it) (?:any|a|possible)|please (?:help|check|send|cancel|block|change|refund|tell|find)",
    r"^(?:check|cancel|change|find|book|close|open|update|reset|transfer|order|replace|report|dispute)",
)
PROBLEM: Final = _words(
    r"lost|stolen|stole|missing|fraud\w*|scam\w*|wrong|incorrect|errors?|mistakes?|(?:over"
    r"|double )?charg(?:ed?|es|ing)|fees?",
    r"declined|locked|blocked|suspicious|can't|cannot|couldn't|doesn't|didn't|isn't|won't|wouldn't"
    r"|not working",
    r"broken?|never (?:got|received|arrived|came|made|showed)|overdr\w+|disput\w+|recogni[sz]e"
    r"|unauthori[sz]ed",
    r"problems?|issues?|trouble|cancel\w*|refund\w*|late|delay\w*|died|damaged|upset|frustrat\w+"
    r"|unacceptable|rude",
    r"complain\w*|hacked|expired|missed|waiting|worried|moved|pay ?off|payoff|loan|mortgage|balance"
    r"|stuck|lights?|waited|nobody|unusual|strange|back",
)

SMALL_DONE: Final = _words(
    r"(?:i|we)(?:'ve| have)? (?:just |already |also )*(?:verified|asked|looked|pulled|located"
    r"|checked|found|got|let|told"
    r"|mentioned|said|tried|apologi[sz]ed|needed|wanted|noticed)"
)
DONE: Final = _words(
    rf"(?:i|we)(?:'ve| have)(?: (?:just|already|also|now|gone ahead and|went ahead and|\w+ly))* {DONE_VERB}",
    r"(?:i|we)(?: (?:just|already|also|went ahead and|\w+ly))* (?:(?!need)[a-z]{3,}ed|sent|put|set"
    r"|made|took|gave)",
)
GOING: Final = _words(
    r"(?:i'm|i am|we're|we are)(?: just| also)? (?:going to|gonna)",
    r"(?:i'll|i will|we'll|we will)(?! not\b| never\b)",
    r"(?:i'm|i am|we're|we are)(?: now| also| just)* (?:transferring|sending|blocking|cancell?ing"
    r"|ordering|issuing|filing"
    r"|opening|closing|updating|crediting|refunding|reversing|submitting|waiving|processing|removing"
    r"|adding|making"
    r"|setting|placing|putting|freezing|escalating|emailing|mailing|noting|scheduling|rushing)",
    r"let me (?:go ahead and |just )*(?:transfer|block|cancel|refund|send|file|submit|waive|credit"
    r"|reverse|update|open"
    r"|close|order|escalate|freeze|put (?:that|the|in)|process|issue|remove|add|schedule|connect|note|raise)",
)
IDLE_GOING: Final = _words(
    r"(?:need|have) (?:to ask|a few|some|you to|your)|ask you|hold|a moment|one second|be with you"
    r"|read (?:you|that|it)"
    r"|explain|able to do (?:that|this)|answer (?:your|that|any)|do (?:that|this) for you"
    r"|go (?:ahead )?and do that|try my best|do my best|let you know|tell you what|see (?:if|what)"
    r"|go over|try to|pull (?:up|that|your)"
)
RESOLVED: Final = _words(
    rf"(?:has|have|'s|'ve) (?:now |already |just |also |all )*been (?:\w+ly )?{DONE_VERB}",
    r"(?:is|are|'s|'re) (?:now |all |already |also )*(?:all set|set up|completed?|blocked|active"
    r"|approved|closed|updated|confirmed"
    r"|cancell?ed|successful|fixed|processed|declined|denied|frozen|scheduled|booked|reserved|waived|refunded"
    r"|on (?:its|the) way|resolved|reversed|in progress|unlocked|reset|eligible|credited|paid off)",
    r"(?:is|are) (?:now |all |already )*(?!(?:need|charg|worri|requir|suppos|call|relat|bas|interest"
    r"|us|record|locat|marri|list)i?ed)"
    r"[a-z]{3,}ed(?! (?:to|at|on|in|by))|(?:is|are) (?:now |all )(?:on|off|open)|good until",
    r"(?:was|were) (?:successful|approved|declined|denied|waived|reversed|refunded)|not successful",
    r"(?:all )?taken care of|all set|back on your account|will not be charged",
    r"i (?:have|found|see) (?:an? |your )?(?:\w+ ){0,3}(?:appointment|reservation|booking)",
)
REFUSED: Final = _words(
    r"unfortunately|i'm afraid|(?:i|we|you) (?:can't|cannot|can not|won't|will not|don't|do not"
    r"|are not|aren't)",
    r"(?:unable|not able|not eligible|not possible|no way) to|not eligible|not available"
    r"|isn't (?:available|possible)",
    r"(?:was|were|is|are) not \w+ed|(?:i|we) (?:have not|haven't|did not|didn't)|(?:our|the) policy"
    r"|not allowed|has to be|won't be able",
)
IDLE_REFUSED: Final = _words(
    r"(?:can't|cannot|can not|don't|do not|couldn't|did not|didn't|have not|haven't) (?:hear|worry"
    r"|see|imagine|believe|think|know|understand|have to|want)|don't you"
    r"|won't (?:take|be a problem)|don't need"
)
REPORTED: Final = _words(
    r"you(?:'d| would) (?:like|love|prefer|rather)|(?:so|confirm that) you|(?:please )?confirm\b(?! your)"
    r"|(?:you|they)(?:'d| would|'re| are)? (?:like|want|wanted|asked|asking|said|saying|told|telling"
    r"|mentioned|requested)"
    r"|you (?:just )?want me|if i (?:have|heard) that (?:right|correctly)|so you|you were (?:trying"
    r"|asking|looking)"
)
"""The agent telling back what the customer said: neither done nor promised."""

FUTURE: Final = _words(
    r"will|'ll|\w+'ll|should|going to|gonna|shall|expect|(?:you|it|that|this|which) (?:can|need"
    r"|have to|must|may|might|takes)"
    r"|please|make sure|be sure"
)
FOLLOW: Final = _words(
    rf"(?:in|within|after|about|next|another|takes?|up to|than|under)(?: (?:the|a|an|about|next"
    rf"|\w+))*? (?:\w+ to )?(?:\w+ )?{SPAN}",
    r"business days|by (?:the end|tomorrow|tonight|next|close|\w+day)|tomorrow|next (?:week|month"
    r"|statement|\w+day)",
    r"call (?:you|us|me|them|him|her)? ?back|give (?:you|us) (?:a|another) call|follow up|(?:some"
    r"|any)one (?:will|from)",
    r"(?:you'll|you will|you should|you can expect to|should|will)(?: also| be able to| soon| then)* "
    r"(?:receive|get|see|hear|have|arrive|be getting|come|show)",
    r"(?:will|'ll|going to|gonna)(?: also| then)* (?:call|contact|e-?mail|mail|send|reach|text|notify"
    r"|be in touch|review|ship)",
    r"(?:you need|you have|you'll need|you'll have|you will need|you must|need you)(?: also| only)? to",
    r"you can(?: also| always| then)? (?:call|visit|check|track|come|use|return|stop|log|go|bring"
    r"|reach|pick)",
    r"(?:please|make sure|be sure)(?: to| you)* (?:call|bring|keep|send|visit|check|return|follow|let"
    r"|sign|mail|destroy"
    r"|cut|monitor|watch|change|use|reach|contact|review|have|dm)",
    r"(?:need|have) to (?:go|bring|send|sign|call|visit|stop|come|pick)",
)
OWN_PROMISE: Final = _words(
    r"i(?:'ll| will|'m going to| am going to|'m gonna| might have to| may have to)(?: just| then"
    r"| probably| definitely)* "
    r"(?!be\b|have\b|need\b|see\b|think\b|tell\b|take\b|do\b|not\b|never\b|let\b|look forward)[a-z]+"
)
"""What the customer says they will do."""

VERIFIES: Final = _words(
    r"date of birth|birthday|(?:first|last|full|your|maiden) name|social|digits|(?:pin|security"
    r"|access|zip) (?:code|number)|pin|password"
    r"|passcode|code|expir\w+|(?:card|account) number|school|pet|speaking with|verify"
)
"""The agent asks who is calling: the answer is no fact for a note."""
OUTBOUND: Final = _words(
    r"calling (?:you )?(?:from|about|regarding|because|on behalf|in regard\w*)|am i speaking (?:with"
    r"|to)|(?:may|can|could) i speak"
    r"|is this (?:mr|mrs|ms|miss|mister)|reason (?:i'm|i am|for my) call\w*|(?:is this|is it) a good time"
)
"""The agent placed the call, and so the agent has its reason."""

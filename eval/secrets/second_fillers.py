"""Small words of a call for the second generator: nods, hesitations, excuses, what engines mishear."""

from __future__ import annotations

LEADS = (
    *(
        "",
        "",
        "",
        "yeah it's",
        "sure, it's",
        "okay so that's",
        "yes,",
        "sure,",
        "okay it is",
        "that would be",
    ),
    *("uh-huh it's", "alright,", "yeah,"),
)
"""How an answer begins."""
OPENERS = ("", "", "", "hi,", "yeah,", "okay,", "so", "alright,", "sure,")
"""Before a customer names the value."""
LONG_LEADS = ("", "", "okay,", "yeah,", "alright,", "ready?", "here goes,", "it's")
"""Before a long run that nobody names."""
ACKS = (
    *("okay", "okay", "mm-hmm", "got it", "uh-huh", "yes", "go ahead", "right", "alright", "okay, go on"),
    *("yep", "perfect", "okay and then?", "sure"),
)
"""The other side, between groups."""
CROSSTALK = ("okay", "got it", "mm-hmm", "go ahead", "uh-huh", "yeah", "right", "okay got it")
"""The other side, in the middle of it all."""
WAITS = (
    *(
        "sure, hold on, let me find it.",
        "yeah, give me a moment.",
        "okay, I have to get my purse.",
        "um, let me look.",
    ),
    *("hang on, I need my glasses.", "it's in the other room, bear with me.", "okay, I'm pulling it up."),
)
SMALL_TALK = (
    *("no rush at all, how's your day going?", "take your time.", "sure, it's been quiet here today."),
    *("that's fine, is it as cold over there as it is here?", "not a problem, I'll be right here."),
    *("no worries, thanks for being a customer with us by the way.", "of course, whenever you're ready."),
)
THANKS = (
    "thank you.",
    "perfect, thanks.",
    "great, thank you so much.",
    "okay, let me pull that up.",
    "got it, thanks.",
)
CHECKS = ("is that correct?", "correct?", "is that right?", "did I get that right?", "yes?")
CONFIRMED = ("yes.", "yeah, that's right.", "correct.", "yep.", "that's it.", "mm-hmm.")
HESITATIONS = ("um,", "uh,", "um", "uh", "er,", "hmm,", "let's see,", "let me see,", "uh, what is it,")
CORRECTIONS = (
    *("no, sorry,", "sorry,", "no wait,", "I mean", "scratch that,", "correction,", "oh, excuse me,"),
    *("no no,", "my mistake,", "wait, no,", "make that", "sorry, that's wrong,"),
)
RESTARTS = (
    *("sorry, let me start over,", "hang on, let me start again,", "wait, let me read that again,"),
    *(
        "I lost my place, again,",
        "sorry, from the top,",
        "no, I'll start over,",
        "hold on, let me do it again,",
    ),
)
JUNK = ("the", "and", "a", "then", "is", "in", "and then", "that", "dash", "of", "it", "uh the")
"""Words that an engine hears between groups where there were none."""
MISHEARD = {
    "card": ("car", "cart", "court"),
    "number": ("member", "numb or", "lumber"),
    "number's": ("members",),
    "account": ("a count", "accountant"),
    "social": ("so shall", "sew shell"),
    "security": ("secure the", "securities"),
    "routing": ("rooting", "routine", "rowdy"),
    "pin": ("pen", "bin", "been"),
    "code": ("coat", "cold", "goad"),
    "expires": ("expert", "ex buyers"),
    "expiration": ("inspiration", "exploration"),
    "email": ("he mail", "female"),
    "address": ("a dress", "at rest"),
    "birth": ("bird", "berth"),
    "birthday": ("bird day",),
    "phone": ("foam", "own"),
    "cell": ("sell",),
    "zip": ("sip", "ship"),
    "dot": ("dog", "thought"),
    "underscore": ("under score", "and the score"),
    "dash": ("dashed", "dish"),
    "slash": ("splash",),
    "at": ("add", "hat"),
    "street": ("straight",),
    "date": ("day",),
    "itin": ("eye tin", "a tin"),
    "tax": ("text",),
    "cvv": ("CBV", "TV"),
    "is": ("as", "his"),
    "it's": ("its", "is"),
    "my": ("by", "mike"),
    "okay": ("ok", "kay"),
    "sure,": ("shore",),
    "yeah": ("yea",),
    "that's": ("thats", "bats"),
    "plus": ("us",),
    "state": ("stayed",),
    "apartment": ("a part meant", "department"),
    "live": ("leave",),
}
"""What engines write for the words around a value, by the word in lower case without its marks."""

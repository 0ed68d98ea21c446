"""What is said around a secret on a call: openings, questions, cues, answers, asides and closings."""

from __future__ import annotations

from collections.abc import Mapping

from eval.secrets.items import Entity

NAMES: Mapping[Entity, tuple[str, ...]] = {
    "card": ("card number", "debit card number", "credit card number", "sixteen digit card number"),
    "card_code": ("security code", "c v v", "cvv", "three digit code on the back", "card verification code"),
    "expiry": ("expiration date", "expiry date", "card's expiration"),
    "ssn": ("social security number", "social", "social security"),
    "itin": ("taxpayer identification number", "tax i d", "individual taxpayer number", "ITIN"),
    "account": ("account number", "checking account number", "savings account number", "bank account number"),
    "routing": ("routing number", "bank routing number", "a b a routing number"),
    "phone": ("phone number", "cell phone number", "callback number", "mobile number"),
    "email": ("email address", "email", "e-mail address"),
    "birth_date": ("date of birth", "birth date", "birthday"),
    "address": ("mailing address", "home address", "billing address", "address"),
    "pin": ("pin", "PIN number", "four digit pin", "telephone banking pin"),
    "otp": ("verification code", "one time code", "one-time passcode", "code from the text message"),
}
"""What people call each of them."""

ASKS = (
    "can I get the {name} please",
    "could you read me the {name}",
    "and what is the {name}",
    "please tell me the {name} whenever you are ready",
    "to verify you I will need the {name}",
)
ANSWERS = ("sure it's", "yes that is", "okay one second it is", "uh", "", "alright so", "yeah sure")
TELLS = (
    "my {name} is",
    "so the {name} is",
    "here is my {name}",
    "I have the {name} right here it's",
    "let me give you the {name}",
)
AGENT_TELLS = (
    "the {name} I have on file is",
    "so the {name} is",
    "let me give you the {name}",
    "I show your {name} as",
)
BARE_TELLS = ("yes so that would be", "okay it's", "sure here you go", "so this is what it says")
"""Nobody says what it is."""

OPENINGS = (
    ("thank you for calling Lakeside Credit Union how can I help you", "hi I have a question about a fee"),
    ("good morning this is Dana how may I help", "I was charged forty two dollars and fifty cents on Friday"),
    ("Lakeside support what can I do for you today", "I would like to change something on my profile"),
    ("how are you doing today", "not too bad I just got off work about thirty minutes ago"),
    ("what brings you in today", "my payment of $120 did not go through last Tuesday"),
    ("are you calling about the same thing as before", "yes the two transfers from last week"),
)
CLOSINGS = (
    ("thank you let me pull that up for you", "great thanks"),
    ("perfect give me one moment please", "take your time"),
    ("alright I see it here the balance is eighty five dollars", "okay that sounds right"),
    ("you should get a letter in five to seven business days", "wonderful thank you so much"),
    ("is there anything else I can help you with", "no that was all for today"),
)
TAILS = ("and that's it", "if that helps", "please", "is that right", "did you get that")
ACKNOWLEDGEMENTS = ("okay", "got it", "okay got it", "mm hmm", "uh huh", "alright", "yes go on", "perfect")
HESITATIONS = ("um", "uh", "er", "uhm", "hmm")
ASIDES = (
    "hold on let me find my glasses",
    "sorry the dog is barking",
    "wait let me turn it over",
    "just a second it is hard to read",
    "let me see",
)
CORRECTIONS = ("no sorry", "wait no", "sorry I mean", "no that's wrong it is", "correction", "scratch that")
READ_BACKS = ("let me read that back", "so I have", "okay that was", "just to confirm", "I'm repeating")
CONFIRMS = ("yes", "that's right", "correct", "yes that's it")

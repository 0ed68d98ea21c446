"""What is said around a value in the second generator. Nothing here is taken from a call."""

from __future__ import annotations

from dataclasses import dataclass

from eval.secrets.items import Entity


@dataclass(frozen=True, slots=True)
class Talk:
    """Sentences around one kind of value.

    `own`: the customer names it and goes on to say it. `asked`: the agent asks for it. `after`: the
    customer names it when it has been said. `repeated`: the agent goes on to say it again.
    """

    own: tuple[str, ...]
    asked: tuple[str, ...]
    after: tuple[str, ...]
    repeated: tuple[str, ...]


TALK: dict[Entity, Talk] = {
    "card": Talk(
        (
            *(
                "my card number is",
                "the card number's",
                "the credit card is",
                "my debit card number is",
            ),
            *("I'm reading it off the card, it's", "the number on the front of the card is"),
        ),
        (
            *("can I get the card number please?", "what's the long number on the front of your card?"),
            *(
                "and which card would you like to use? I'll need the full number.",
                "go ahead with the card number.",
            ),
        ),
        (
            "that's my card number",
            "that's the number on the card",
            "that's the Visa",
            "that's what's on the card",
        ),
        ("okay so the card is", "I have the card number as", "let me read that card back,"),
    ),
    "card_code": Talk(
        (
            *("the security code is", "the CVV is", "on the back it says", "the code on the back is"),
            *("my CVC is", "the little number on the back of the card is"),
        ),
        (
            *(
                "and the security code on the back?",
                "what's the CVV?",
                "and the three or four digit code on the card?",
            ),
            *("and the CVC please?", "could you read me the card verification code?"),
        ),
        ("that's the security code", "that's the CVV", "that's the code on the back of the card"),
        ("and the security code was", "so CVV", "okay the code on the back is"),
    ),
    "expiry": Talk(
        (
            *(
                "it expires",
                "the expiration date is",
                "expiration is",
                "exp date is",
                "the card expires",
                "it's good through",
            ),
            *("valid thru", "the expiry's"),
        ),
        (
            *("and the expiration date?", "when does the card expire?", "what's the expiry on that card?"),
            "and the exp date, month and year?",
        ),
        ("that's the expiration", "that's when it expires", "that's the expiry date"),
        ("expiring", "and the expiration was", "so that expires"),
    ),
    "ssn": Talk(
        (
            *(
                "my social is",
                "my social security number is",
                "the social's",
                "my SSN is",
                "my full social is",
            ),
        ),
        (
            *("can you verify your social for me?", "what's your social security number?"),
            *(
                "I'll need your full social please.",
                "and your SSN?",
                "may I have your social security number?",
            ),
        ),
        ("that's my social", "that's my social security number", "that's the social"),
        ("okay I have the social as", "so your social is", "let me read the social back,"),
    ),
    "itin": Talk(
        (
            *("my ITIN is", "I don't have a social, my taxpayer ID is", "my tax ID number is"),
            *("the individual taxpayer number is", "I use an I T I N, it's"),
        ),
        (
            *("do you have an ITIN or a taxpayer ID?", "what's your ITIN?", "and the tax ID number please?"),
            "can you give me your individual taxpayer identification number?",
        ),
        ("that's my ITIN", "that's my tax ID", "that's the taxpayer number"),
        ("so the ITIN is", "okay the tax ID is"),
    ),
    "account": Talk(
        (
            *("my account number is", "it's account", "the account number's", "checking account number"),
            *("for account number", "the number of the savings account is", "my acct number is"),
        ),
        (
            *(
                "what's the account number?",
                "can I have your account number please?",
                "and the checking account?",
            ),
            "which account is this about? I need the number.",
        ),
        ("that's my account number", "that's the account", "that's the checking account number"),
        ("so that's account", "I have account number", "let me repeat the account number,"),
    ),
    "routing": Talk(
        (
            *("the routing number is", "routing is", "my bank's routing number is", "the ABA number is"),
            "on the check the routing number says",
        ),
        (
            *("and the routing number?", "what's the routing number at the bottom of the check?"),
            "can I get the ABA routing number please?",
        ),
        ("that's the routing number", "that's the routing", "that's the ABA number"),
        ("so routing is", "I have the routing number as"),
    ),
    "phone": Talk(
        (
            *("my phone number is", "you can reach me at", "my cell is", "call me back at", "my number's"),
            *("the best number is", "the phone on the account should be", "text me at"),
        ),
        (
            *("what's a good callback number?", "can I get your phone number in case we get disconnected?"),
            *("and the best number to reach you?", "what's the phone number on the account?"),
        ),
        (
            "that's my cell",
            "that's the best number to reach me",
            "that's my phone number",
            "that's my mobile",
        ),
        ("so I can reach you at", "and the callback number is", "okay I have your phone as"),
    ),
    "email": Talk(
        (
            *(
                "my email is",
                "my email address is",
                "send it to",
                "you can email me at",
                "it's under the email",
            ),
            "the e-mail should be",
        ),
        (
            *(
                "what's the email on file?",
                "can I get your email address?",
                "and an email for the confirmation?",
            ),
            "where should I email that to?",
        ),
        ("that's my email", "that's the email address", "that's where you can email it"),
        ("so the email is", "okay so that's", "let me read the email back,"),
    ),
    "birth_date": Talk(
        (
            *(
                "my date of birth is",
                "my birthday is",
                "I was born on",
                "date of birth",
                "DOB is",
                "my birth date's",
            ),
        ),
        (
            *("what's your date of birth?", "can you verify your date of birth?", "and your birthday?"),
            *("when were you born?", "and the DOB for the cardholder?"),
        ),
        ("that's my date of birth", "that's my birthday", "that's my DOB"),
        ("and your date of birth is", "so date of birth", "I have you born on"),
    ),
    "address": Talk(
        (
            *("my address is", "I live at", "I'm at", "the billing address is", "I moved, it's now"),
            *("please ship it to", "the mailing address is", "my new address is"),
        ),
        (
            *("what's your address?", "can you verify the billing address?", "where should we ship it?"),
            *("and the mailing address with the zip code?", "what's the home address on file?"),
        ),
        ("that's my address", "that's where I live", "that's the billing address", "that's my home address"),
        ("so the address is", "I have the address as", "shipping to"),
    ),
    "pin": Talk(
        (
            *(
                "my PIN is",
                "the PIN's",
                "I set my PIN to",
                "my pin number is",
                "the phone PIN is",
                "my passcode is",
            ),
        ),
        (
            *("what's the PIN on the account?", "can you give me your PIN?", "and your pin number please?"),
            "please tell me the telephone PIN.",
        ),
        ("that's my PIN", "that's the PIN", "that's my pin number"),
        ("so the PIN is", "okay PIN"),
    ),
    "otp": Talk(
        (
            *("the code is", "the text says", "it says my verification code is", "I got the code, it's"),
            *("my one-time passcode is", "the code you just sent is", "it came in, the code's"),
        ),
        (
            *("I just texted you a code, what is it?", "can you read me the verification code?"),
            *("what's the one-time passcode?", "please read back the code we sent to your phone."),
        ),
        (
            "that's the code",
            "that's the code you sent",
            "that's the verification code",
            "that's what the text says",
        ),
        ("so the code was", "okay that's code"),
    ),
}

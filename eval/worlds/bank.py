"""Notes to fill in: what calls to a bank are about, by queue, with slots for what an associate may correct.

Slots, all of which every topic has: {amount}, {date}, {tail} (last digits of an account), {count} (a small
number), {said} and {checked} (words that may as well be others), {actor}, {has} (negated or not), {will} (its
modality), {status} (how it ended) and {extra} (a line that is there or not).
"""

from __future__ import annotations

from dataclasses import dataclass

SLOTS = ("amount", "date", "tail", "count", "said", "checked", "actor", "has", "will", "status", "extra")


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of calls: its queue, its note, and how an associate would put it who writes it anew."""

    queue: str
    note: str
    anew: str


def _topic(queue: str, reason: str, actions: tuple[str, ...], outcome: str, ends: tuple[str, str]) -> Topic:
    follow_up, anew = ends
    note = "\n".join(
        [
            "Reason:",
            reason,
            "Actions:",
            *actions,
            "Outcome:",
            outcome,
            "Follow-ups:",
            "{extra}" + follow_up,
        ]
    )
    return Topic(queue, note, anew)


TOPICS = (
    _topic(
        "cards",
        "Customer {said} that a shop charged {amount} twice to the card ending in {tail}.",
        (
            "{actor} {checked} {count} recent payments on the card.",
            "Agent opened a dispute for the second charge of {amount}.",
        ),
        "The charge {has} been taken off the balance. {status}",
        (
            "The refund {will} show on the statement by {date}.",
            "Dup charge {amount}, dispute opened, refund pending",
        ),
    ),
    _topic(
        "cards",
        "Customer {said} that the card ending in {tail} was lost on {date}.",
        (
            "{actor} {checked} {count} recent purchases together with the other party.",
            "Agent blocked the card and ordered a new one; the last purchase was {amount}.",
        ),
        "The old card {has} been used since it was lost. {status}",
        (
            "The new card {will} arrive within the week at the address on file.",
            "Lost card blocked, replacement on its way, no fraud seen",
        ),
    ),
    _topic(
        "payments",
        "Customer {said} that a wire of {amount} sent on {date} did not arrive.",
        (
            "{actor} {checked} the routing details of the account ending in {tail}.",
            "Agent asked the receiving bank for a trace, which takes {count} working days.",
        ),
        "The wire {has} left the bank. {status}",
        (
            "The wire desk {will} call with the result of the trace.",
            "Missing wire, trace requested with the other bank",
        ),
    ),
    _topic(
        "payments",
        "Customer {said} that a direct debit of {amount} was to be stopped before {date}.",
        (
            "{actor} {checked} the mandate on the account ending in {tail}.",
            "Agent stopped the debit and {count} more of the same payee.",
        ),
        "The mandate {has} been removed from the account. {status}",
        (
            "The payee {will} send a reminder, which needs no answer.",
            "Stopped unwanted debit, mandate is gone, told payee",
        ),
    ),
    _topic(
        "accounts",
        "Customer {said} that an overdraft fee of {amount} was charged on {date}.",
        (
            "{actor} {checked} the history of the account ending in {tail} over {count} months.",
            "Agent explained how the fee comes about and how alerts help to avoid it.",
        ),
        "The fee {has} been refunded as a courtesy. {status}",
        (
            "Another fee {will} be charged when the balance is negative again.",
            "OD fee waived once as goodwill, alerts explained",
        ),
    ),
    _topic(
        "accounts",
        "Customer {said} that statements of the account ending in {tail} went to an old address.",
        (
            "{actor} {checked} the identity with {count} questions.",
            "Agent changed the address with effect from {date} and waived a fee of {amount} for copies.",
        ),
        "The address {has} been changed on all accounts. {status}",
        (
            "The next statement {will} go to the new address.",
            "Moved house, address updated everywhere, copies free",
        ),
    ),
    _topic(
        "lending",
        "Customer {said} that the loan ending in {tail} was to be paid off early.",
        (
            "{actor} {checked} the contract, of which {count} months are left.",
            "Agent gave a payoff amount of {amount}, good until {date}.",
        ),
        "The customer {has} agreed to the amount. {status}",
        (
            "A letter with the payoff amount {will} follow by mail.",
            "Early payoff quote given, letter goes out today",
        ),
    ),
    _topic(
        "lending",
        "Customer {said} that the instalment of {amount} due on {date} could not be paid in full.",
        (
            "{actor} {checked} income and spending on the account ending in {tail}.",
            "Agent offered to spread it over {count} months without a fee.",
        ),
        "The plan {has} been accepted. {status}",
        (
            "The collections team {will} confirm the plan in writing.",
            "Payment plan set up due to hardship, waits for letter",
        ),
    ),
    _topic(
        "digital",
        "Customer {said} that the app refused the password after {count} attempts on {date}.",
        (
            "{actor} {checked} the phone number on the profile of the account ending in {tail}.",
            "Agent reset the access and watched a test transfer of {amount} go through.",
        ),
        "The access {has} been restored. {status}",
        (
            "The app {will} ask for a new password at the next start.",
            "Locked out of app, reset done, works again",
        ),
    ),
    _topic(
        "digital",
        "Customer {said} that a check of {amount} could not be deposited with the phone.",
        (
            "{actor} {checked} the daily limit of the account ending in {tail}.",
            "Agent raised the limit for {count} days, until {date}.",
        ),
        "The deposit {has} gone through on the second try. {status}",
        (
            "The money {will} be available on the next working day.",
            "Mobile deposit over limit, raised it, deposited fine",
        ),
    ),
)

SAID = ("reported", "mentioned", "explained", "told us")
CHECKED = ("checked", "reviewed", "examined", "went through")
STATUSES = (
    "Resolved on the call.",
    "Escalated to the back office.",
    "Pending with another team.",
)
EXTRAS = (
    "Customer asked for a copy of the terms by email.\n",
    "Customer complained about the time on hold.\n",
    "Agent offered paperless statements.\n",
    "Customer wants to be called in the evening.\n",
)
NUMBER_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
"""The words of 2 to 9, the values of {count}."""

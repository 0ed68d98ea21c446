"""How fast edits are classed: pairs a minute on one core, by class, and how it grows with their number.

    python -m benchmarks.edits --pairs 10000 100000

Pairs are made from a seed: drafts of five sections, 60 to 120 words, and what associates make of them. 70 %
stay as they are, 10 % get another layout, other letters or another way to write an amount, in 15 % a word, a
value or a sentence changes, 5 % are written anew. Each draft has names and numbers of its own, so that caches
help as little as they do in life.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Iterator

from eval.edits import classify, classify_class

SHARES = {"as it is": 70, "other form": 10, "changed": 15, "anew": 5}

_REASONS = (
    "Customer asked for the refund of a {fee} fee of ${amount} that was charged on {month} {day}.",
    "Customer called about a payment of ${amount} to a {shop} that she did not recognize on her statement.",
    "Customer wants to change the address of the account ending in {tail} after moving to {name} Street.",
    "Customer {name} reported that the card ending in {tail} was lost on {month} {day} near a {shop}.",
)
_ACTIONS = (
    "Agent verified the identity of the customer and opened the account ending in {tail}.",
    "Agent refunded ${amount} to the checking account and explained how the {fee} fee works.",
    "Agent blocked the card, ordered a new one and sent a message to the {shop}.",
    "Agent opened a dispute for ${amount} with the reference {tail}{day} and turned on alerts.",
    "Agent booked an appointment with {name} on {month} {day} at {hour} p.m. in the branch.",
)
_OUTCOMES = (
    "The {fee} fee was refunded and the customer was satisfied with the answer.",
    "The dispute is pending; the answer can take up to {day} business days.",
    "The new card will arrive within {hour} days and the old one does not work any more.",
)
_FOLLOW_UPS = (
    "Customer will send the signed form before {month} {day} and call again if nothing happens.",
    "Agent will call the customer on {month} {day} to confirm that ${amount} has arrived.",
    "The bank may ask for another document from the {shop} within {hour} days.",
)
_FACTS = (
    "The customer has been with the bank for {hour} years and uses online banking.",
    "The balance was ${amount} on {month} {day}; the {fee} fee was the first in two years.",
)
_SLOTS = {
    "fee": ["overdraft", "monthly", "transfer", "late", "wire", "replacement"],
    "shop": ["supermarket", "pharmacy", "station", "hotel", "bookshop"],
    "month": ["January", "March", "May", "July", "September", "November"],
}
_SENTENCE = re.compile(r"(?<=[:.] )[A-Z][^.\n]+\.")
_LETTERS = "abdefgiklmnorstuv"
_EDITS = (
    ("will", "may"),
    ("not", "also not"),
    ("refunded", "credited"),
    ("Agent ", "Agent then "),
    ("customer", "caller"),
    ("branch", "branch office"),
)


def _filled(rng: random.Random, template: str) -> str:
    values = {slot: rng.choice(words) for slot, words in _SLOTS.items()}
    name = "".join(rng.choice(_LETTERS) for _ in range(7)).capitalize()
    return template.format(
        **values,
        name=name,
        amount=rng.randrange(5, 3_000),
        day=rng.randrange(1, 28),
        tail=rng.randrange(1_000, 9_999),
        hour=rng.randrange(2, 11),
    )


def draft(rng: random.Random) -> str:
    """A note of five sections, 60 to 120 words."""
    parts = []
    for title, templates, least, most in (
        ("Reason", _REASONS, 1, 1),
        ("Actions", _ACTIONS, 1, 2),
        ("Outcome", _OUTCOMES, 1, 1),
        ("Follow ups", _FOLLOW_UPS, 1, 2),
        ("Key facts", _FACTS, 1, 1),
    ):
        chosen = rng.sample(templates, rng.randint(least, most))
        parts.append(f"{title}: {' '.join(_filled(rng, template) for template in chosen)}")
    return "\n".join(parts)


def final_of(rng: random.Random, text: str, how: str) -> str:
    """What an associate makes of a draft."""
    if how == "as it is":
        return text
    if how == "anew":
        return (
            draft(rng) if rng.random() < 0.5 else " ".join(_filled(rng, t) for t in rng.sample(_REASONS, 2))
        )
    if how == "other form":
        return rng.choice(
            (text.replace(": ", ":\n- "), text.lower(), _dollars(text), text.replace("account", "acct"))
        )
    if rng.random() < 0.3:
        return text.replace(" " + rng.choice(_SENTENCE.findall(text)), "", 1)
    if rng.random() < 0.3:
        return text + " " + _filled(rng, rng.choice(_OUTCOMES))
    old, new = rng.choice([edit for edit in _EDITS if edit[0] in text])
    return text.replace(old, new, 1)


def _dollars(text: str) -> str:
    """Amounts with the word in place of the sign."""
    return " ".join(
        f"{word[1:]} dollars" if word[:1] == "$" and word[1:].isdecimal() else word
        for word in text.split(" ")
    )


def pairs(count: int, seed: int = 7) -> Iterator[tuple[str, str, str]]:
    """(how, draft, final), as many as asked for."""
    rng = random.Random(seed)
    hows = rng.choices(list(SHARES), weights=list(SHARES.values()), k=count)
    for how in hows:
        text = draft(rng)
        yield how, text, final_of(rng, text, how)


def measure(count: int) -> str:
    """One line for `count` pairs; only the classing is timed."""
    spent, classes = 0.0, Counter[str]()
    made = pairs(count)
    while batch := [pair for pair, _ in zip(made, range(1_000), strict=False)]:
        began = time.process_time()
        classes.update(classify_class(text, final) for _, text, final in batch)
        spent += time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shares = ", ".join(f"{name} {100 * n / count:.0f} %" for name, n in classes.most_common())
    return f"{count:9,} pairs: {60 * count / spent:9,.0f} a minute, {memory:4.0f} MB at most ({shares})"


def by_class(count: int) -> Iterator[str]:
    """A line for each class: the time of one pair, for its class alone and for all that is told of it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for _, text, final in pairs(count, seed=8):
        groups.setdefault(classify_class(text, final), []).append((text, final))
    for name, members in groups.items():
        times = []
        for call in (classify_class, classify):
            began = time.process_time()
            for text, final in members:
                call(text, final)
            times.append(1e3 * (time.process_time() - began) / len(members))
        took = f"{times[0]:8.3f} ms for the class, {times[1]:8.3f} ms for the whole edit"
        yield f"  {name:11s} {took} ({len(members):,} pairs)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000, 100_000])
    args = parser.parse_args()
    words = [len(text.split()) for _, text, _ in pairs(500)]
    print(f"drafts of {min(words)} to {max(words)} words, CPU time of one core")  # noqa: T201
    for line in by_class(min(4_000, max(args.pairs))):
        print(line)  # noqa: T201
    for count in args.pairs:
        print(measure(count), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

"""One token for a value, and the way back for what may be restored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import Claim, Statement, Summary
from pipeline.core.vault import RESTORABLE, Vault, VaultState
from tests.pipeline.core.masking import resolve

NEVER = ("card", "card_code", "expiry", "ssn", "itin", "pin", "otp", "number")
values = st.text("0123456789abc@. ", min_size=1, max_size=12)


@given(st.lists(st.tuples(st.sampled_from(sorted(RESTORABLE)), values), max_size=8))
def test_restoring_what_was_masked_gives_it_back(secrets: list[tuple[str, str]]) -> None:
    vault = Vault(VaultState())
    text = " and ".join(vault.token(kind, value, value, "[NUMBER_1]") for kind, value in secrets)
    first: dict[tuple[str, str], str] = {}
    said = [first.setdefault((kind, value.casefold()), value) for kind, value in secrets]
    assert vault.restore(text, RESTORABLE) == " and ".join(said)


@given(st.sampled_from(NEVER), values)
def test_others_are_never_restored_nor_kept(kind: str, value: str) -> None:
    state = VaultState()
    token = Vault(state).token(kind, value, value, "[NUMBER_7]")
    assert Vault(state).restore(token, [*NEVER, *RESTORABLE]) == token
    assert [one.value for one in state.issued] == [""]


@pytest.mark.parametrize("digits", ["5510032", "00123456"])
def test_an_account_number_goes_there_and_back(digits: str) -> None:
    words, _, resolver = resolve(
        [(0, "the account number"), (1, f"my account number is {digits}"), (0, "yes")]
    )
    said = " ".join(word.text for word in words[1])
    assert said == "my account number is [ACCOUNT_1]"
    assert resolver.vault.restore(said, ["account"]) == f"my account number is {digits}"
    assert resolver.vault.restore(said, ["phone"]) == said


def test_a_note_is_restored_with_its_claims() -> None:
    vault = Vault(VaultState(taken=3))
    token = vault.token("phone", "4155550132", "4155550132", "")
    assert token == "[PHONE_4]"
    text = f"Call {token} or [PHONE_9] on 5 May"
    claims = (Claim("date", text.index("5 May"), len(text), "supported"), Claim("name", 0, 4, "supported"))
    note = Summary("ok", (Statement("reason", text, (), claims=claims),), fields=(("number", token),))
    restored = vault.restore_note(note, ["phone"])
    (statement,) = restored.statements
    assert statement.text == "Call 4155550132 or [PHONE_9] on 5 May"
    assert [statement.text[c.start : c.end] for c in statement.claims] == ["5 May", "Call"]
    assert restored.fields == (("number", "4155550132"),)
    assert vault.restore_note(note, []) == note


def test_a_note_has_dates_and_addresses_as_they_are_written() -> None:
    vault = Vault(VaultState())
    said = ("birth_date", "march third nineteen eighty two"), ("address", "four twenty one Elm Street")
    tokens = [vault.token(kind, value, value, "") for kind, value in said]
    note = Summary("ok", (Statement("reason", f"Born {tokens[0]}.", ()),), fields=(("home", tokens[1]),))
    restored = vault.restore_note(note, RESTORABLE)
    assert restored.statements[0].text == "Born 3 March 1982."
    assert restored.fields == (("home", "421 Elm Street"),)
    assert vault.restore(tokens[0], RESTORABLE) == said[0][1]


def test_numbering_goes_on_after_a_snapshot() -> None:
    state = VaultState()
    Vault(state).token("card", "1", "1", "")
    assert Vault(state).token("card", "2", "2", "") == "[CARD_2]"
    assert Vault(state).token("card", "1", "1", "") == "[CARD_1]"

"""Facts: allowed beforehand, typed, and with no room for a person or a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.references import new_reference
from ledger import facts, shapes
from ledger.facts import FactRefused

TYPES = {
    facts.MINOR: [0, -5, 2**63 - 1],
    facts.COUNT: [0, 7],
    facts.FLAG: [True, False],
    facts.CURRENCY: ["USD", "JPY"],
    facts.REF: [new_reference("ord"), "cs_test_a1b2c3d4", "pi_3abcDEF123", "evt_1abcdef", "user:7"],
    facts.DIGEST: ["0" * 64],
    facts.one_of({"pass", "fail"}): ["pass"],
    facts.ACTOR: ["system", "user:1", new_reference("run")],
}
NEVER = [
    None,
    1.0,
    Decimal(1),
    "",
    "ada@example.com",
    "Ada Lovelace",
    "Ada",
    "paid late, see mail",
    "sk_live_abcdefghijkl",
    "sk_test_abcdefghijkl",
    "rk_live_abcdefghijkl",
    "whsec_abcdefghijkl",
    "pi_3abcdef_secret_abcdef",
    "ord_7",
    "cs_test_a1b2\n",
    new_reference("ord") + "\n",
    "user:0",
    "user:ada",
    "0" * 63,
    "A" * 64,
    "usd",
    "XXXX",
    b"bytes",
    ["pass"],
    {"a": 1},
    2**63,
    datetime(2026, 11, 22, 12),  # noqa: DTZ001  # without a zone, on purpose
]


@pytest.mark.parametrize(
    ("fact_type", "value"),
    [(kind, value) for kind, good in TYPES.items() for value in good],
    ids=lambda given: getattr(given, "name", type(given).__name__),
)
def test_each_type_takes_its_own(fact_type: facts.FactType, value: object) -> None:
    assert fact_type.read(value) == value


@pytest.mark.parametrize("fact_type", [*TYPES, facts.TIME], ids=lambda kind: kind.name)
def test_no_type_takes_a_person_a_secret_or_a_sentence(fact_type: facts.FactType) -> None:
    taken = [value for value in NEVER if fact_type.read(value) is not None]

    assert taken == []


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_no_number_and_a_number_no_flag(value: bool) -> None:
    assert facts.MINOR.read(value) is None
    assert facts.COUNT.read(value) is None
    assert facts.FLAG.read(int(value)) is None


def test_a_count_is_not_negative() -> None:
    assert facts.COUNT.read(-1) is None


def test_a_time_is_kept_in_utc() -> None:
    at_two = datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=2)))

    assert facts.TIME.read(at_two) == "2026-11-22T12:00:00.000000+00:00"
    assert facts.TIME.read(at_two) == facts.TIME.read(at_two.astimezone(UTC))


@given(st.text(max_size=40))
def test_a_text_is_taken_only_in_its_shape(text: str) -> None:
    for fact_type in (facts.REF, facts.CURRENCY, facts.DIGEST, facts.ACTOR):
        if fact_type.read(text) is not None:
            assert text.isascii()
            assert not set(text) & set(" @\t\n\\\"'<>")


@given(st.from_regex(r"(sk|rk|ek|whsec)_(test_|live_)?[A-Za-z0-9]{8,40}", fullmatch=True))
def test_a_secret_is_no_reference_and_hides_in_no_key(secret: str) -> None:
    assert not shapes.is_ref(secret)
    assert not shapes.is_key(secret)
    assert not shapes.is_key(f"order.paid:{secret}")


def test_an_unknown_key_is_refused_by_name_only() -> None:
    with pytest.raises(FactRefused, match="'email'") as refusal:
        facts.check(kind="model", facts={"email": "ada@example.com"})

    assert "ada" not in str(refusal.value)


def test_a_wrong_value_is_refused_without_being_told() -> None:
    with pytest.raises(FactRefused, match="'amount_minor' must be whole minor units") as refusal:
        facts.check(kind="model", facts={"amount_minor": "ada@example.com"})

    assert "ada" not in str(refusal.value)


def test_a_fact_of_one_kind_is_none_of_another() -> None:
    assert facts.check(kind="model", facts={"step_count": 1}) == {"step_count": 1}
    with pytest.raises(FactRefused):
        facts.check(kind="approval", facts={"step_count": 1})


def test_a_key_has_one_type() -> None:
    facts.allow("model", {"step_count": facts.COUNT})
    facts.allow("model", {"verdict": facts.one_of(["fail", "pass"])})

    with pytest.raises(ValueError, match="another 'step_count'"):
        facts.allow("model", {"step_count": facts.MINOR})
    with pytest.raises(ValueError, match="another 'verdict'"):
        facts.allow("model", {"verdict": facts.one_of({"pass"})})


@pytest.mark.parametrize("key", ["", "Ada", "a b", "a@b", "x" * 50])
def test_a_fact_key_is_a_code_word(key: str) -> None:
    with pytest.raises(ValueError, match="no fact key"):
        facts.allow("model", {key: facts.COUNT})


@pytest.mark.parametrize("words", [[], ["Ada Lovelace"], ["ada@example.com"], [""]])
def test_one_of_takes_code_words_only(words: list[str]) -> None:
    with pytest.raises(ValueError, match="code words"):
        facts.one_of(words)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="gossip"):
        facts.allow("gossip", {})

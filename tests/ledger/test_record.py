"""Recording: one entry per fact, in the caller's transaction, in one statement."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kernel.money import Money
from kernel.references import is_reference, new_reference
from ledger import content, operations
from ledger.enums import EntryKind
from ledger.facts import FactRefused
from ledger.models import AuditEvent, LedgerEntry, Posting, SpendEvent, UnsealedEntry
from ledger.operations import KeyReused, RecordedEntry, ShapeRefused, Unbalanced
from tests.ledger.entries import NOON, ORDER, TRACE, dollars, paid

pytestmark = pytest.mark.django_db


def stored_line(entry_id: int) -> bytes:
    columns = content.COLUMNS_SQL
    sql = f"COPY (SELECT {columns} FROM ledger_ledgerentry entry WHERE id = %s) TO STDOUT"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        with cursor.copy(sql, [entry_id]) as rows:  # whatever the order of the rows on the disk
            return b"".join(bytes(row) for row in rows)


def test_an_entry_is_written_with_its_legs(now: datetime) -> None:
    recorded = paid(key="order.paid:7", now=now)

    entry = LedgerEntry.objects.get()
    assert recorded == RecordedEntry(entry_id=entry.pk, reference=entry.reference, is_new=True)
    assert is_reference(entry.reference)
    assert (entry.key, entry.kind, entry.event, entry.subject, entry.refs) == (
        "order.paid:7", "model", "order.paid", ORDER, ["cs_test_a1b2c3d4e5f6"],
    )  # fmt: skip
    assert (entry.facts, entry.mode, entry.trace_ref) == (
        {"amount_minor": 100, "currency": "USD"}, "sample", TRACE,
    )  # fmt: skip
    assert (entry.occurred_at, entry.recorded_at) == (NOON, now)
    assert [
        (leg.account, leg.amount_minor, leg.currency) for leg in entry.postings.order_by("id")
    ] == [
        ("assets:stripe", 100, "USD"),
        ("income:sales", -100, "USD"),
    ]
    assert UnsealedEntry.objects.get().entry_id == entry.pk


def test_a_new_entry_is_one_statement_and_a_known_one_two() -> None:
    with CaptureQueriesContext(connection) as first:
        paid(key="order.paid:7")
    with CaptureQueriesContext(connection) as second:
        paid(key="order.paid:7")

    assert [query["sql"].split()[0] for query in first] == ["WITH"]
    assert [query["sql"].split()[0] for query in second] == ["WITH", "SELECT"]


def test_the_second_time_nothing_is_written(now: datetime) -> None:
    first = paid(key="order.paid:7", now=now)
    later = now + timedelta(hours=1)

    second = paid(key="order.paid:7", now=later, occurred_at=later)

    assert second == RecordedEntry(entry_id=first.entry_id, reference=first.reference, is_new=False)
    assert LedgerEntry.objects.get().recorded_at == now  # the times of the first stand
    assert Posting.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "approval", "facts": {}}, "kind, facts"),
        ({"event": "order.repaid"}, "event"),
        ({"subject": new_reference("ord")}, "subject"),
        ({"refs": []}, "refs"),
        ({"facts": {"amount_minor": 101, "currency": "USD"}}, "facts"),
        ({"facts": {}}, "facts"),
        ({"mode": "test"}, "mode"),
        ({"trace_ref": ""}, "trace_ref"),
        ({"postings": dollars(101)}, "postings"),
        ({"postings": None}, "postings"),
        ({"postings": dollars(100, "EUR")}, "postings"),
        ({"postings": {**dollars(), "expenses:fees": Money(0, "USD")}}, "postings"),
    ],
)
def test_a_key_with_other_content_stops(change: dict[str, Any], named: str) -> None:
    paid(key="order.paid:7")

    with pytest.raises(KeyReused, match=f"order.paid:7 stands as led_\\w+ with other {named}$"):
        paid(key="order.paid:7", **change)

    assert (LedgerEntry.objects.count(), Posting.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"postings": {"assets:stripe": Money(1, "USD")}}, Unbalanced),
        ({"postings": {**dollars(), "expenses:fees": Money(1, "USD")}}, Unbalanced),
        ({"postings": {"assets:a": Money(1, "USD"), "assets:b": Money(-1, "EUR")}}, Unbalanced),
        ({"postings": {"Ada": Money(1, "USD"), "assets:b": Money(-1, "USD")}}, ShapeRefused),
        ({"key": "of ada@example.com"}, ShapeRefused),
        ({"key": "order.paid:ada@example.com"}, ShapeRefused),
        ({"key": "order.paid:sk_live_abcdefgh"}, ShapeRefused),
        ({"key": ""}, ShapeRefused),
        ({"event": "Order paid by Ada"}, ShapeRefused),
        ({"event": ""}, ShapeRefused),
        ({"subject": "ada@example.com"}, ShapeRefused),
        ({"subject": "Ada Lovelace"}, ShapeRefused),
        ({"subject": ""}, ShapeRefused),
        ({"subject": "whsec_abcdefghijkl"}, ShapeRefused),
        ({"refs": ["ada@example.com"]}, ShapeRefused),
        ({"refs": "cs_test_a1b2c3d4e5f6"}, ShapeRefused),
        ({"trace_ref": "ada"}, ShapeRefused),
        ({"facts": {"email": "ada@example.com"}}, FactRefused),
        ({"facts": {"other": "ada@example.com"}}, FactRefused),
        ({"occurred_at": datetime(2026, 11, 22)}, ShapeRefused),  # noqa: DTZ001  # on purpose
        ({"mode": "pretend"}, ValueError),
        ({"mode": ""}, ValueError),
        ({"kind": "gossip"}, ValueError),
    ],
)
def test_what_does_not_belong_is_refused_before_anything_is_written(
    change: dict[str, Any], error: type[Exception], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(error) as refusal:
        paid(**change)

    assert "ada" not in str(refusal.value).lower()
    assert "abcdefgh" not in str(refusal.value)


def test_legs_balance_in_each_currency_apart() -> None:
    paid(
        postings={
            "assets:stripe": Money(100, "USD"),
            "income:sales": Money(-100, "USD"),
            "assets:bank": Money(90, "EUR"),
            "equity:exchange": Money(-90, "EUR"),
        }
    )

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_entry_needs_no_legs() -> None:
    recorded = paid(postings=None)

    assert not Posting.objects.exists()
    assert stored_line(recorded.entry_id).endswith(b"\t0;\n")


def test_an_entry_goes_with_the_callers_transaction() -> None:
    with transaction.atomic():
        paid()
        transaction.set_rollback(True)

    assert not LedgerEntry.objects.exists()
    assert not UnsealedEntry.objects.exists()


REFERENCES = st.integers(min_value=0, max_value=2**40).map(
    lambda ms: new_reference("ord", at_ms=ms)
)
TIMES = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    timezones=st.just(UTC),
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "amount_minor": st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1),
        "step_count": st.integers(min_value=0, max_value=2**63 - 1),
        "is_first": st.booleans(),
        "currency": st.sampled_from(["USD", "JPY"]),
        "other": REFERENCES,
        "seen_at": TIMES,
        "verdict": st.sampled_from(["pass", "fail"]),
    },
)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    facts=FACTS,
    refs=st.lists(REFERENCES, max_size=4),
    mode=st.sampled_from(["live", "test", "sandbox", "sample"]),
    trace_ref=st.one_of(st.just(""), REFERENCES),
    occurred_at=TIMES,
    now=TIMES,
    amount=st.integers(min_value=-(2**62), max_value=2**62),
    accounts=st.lists(
        st.from_regex(r"[a-z]{2,5}(:[a-z0-9_]{1,9}){1,2}", fullmatch=True),
        min_size=2, max_size=2, unique=True,
    ),
)  # fmt: skip
def test_postgres_writes_the_line_that_was_hashed(
    amount: int, accounts: list[str], **drawn: Any
) -> None:
    legs = {accounts[0]: Money(amount, "USD"), accounts[1]: Money(-amount, "USD")}

    recorded = paid(postings=legs, **drawn)

    line = stored_line(recorded.entry_id)
    entry = LedgerEntry.objects.get(pk=recorded.entry_id)
    assert content.content_hash(line[:-1]) == bytes(entry.content_hash)
    assert json.loads(line.split(b"\t")[7]) == entry.facts


def test_the_line_of_an_entry_never_changes() -> None:
    line = content.line(
        reference="led_0000000001aaaaaaaaaaaaaaaa",
        key="order.paid:7",
        kind="revenue",
        event="order.paid",
        subject="ord_0000000001bbbbbbbbbbbbbbbb",
        refs=["cs_test_a1b2c3", "pi_3abcdef"],
        facts={"paid": True, "currency": "USD"},
        mode="live",
        trace_ref="",
        occurred_at=NOON,
        recorded_at=NOON + timedelta(microseconds=10),
        postings=dollars(),
    )

    assert line == (
        b"ledger-1\tled_0000000001aaaaaaaaaaaaaaaa\torder.paid:7\trevenue\torder.paid\t"
        b'ord_0000000001bbbbbbbbbbbbbbbb\t["cs_test_a1b2c3", "pi_3abcdef"]\t'
        b'{"paid": true, "currency": "USD"}\tlive\t\t2026-11-22 12:00:00\t'
        b"2026-11-22 12:00:00.00001\t2;assets:stripe 100 USD,income:sales -100 USD"
    )
    assert content.content_hash(line).hex() == (
        "edac92cc6f4296f1774c38da23943112b37ac8a72be09358e1b00187914a9d57"
    )


def test_a_line_has_no_room_for_what_copy_would_escape() -> None:
    fields: dict[str, Any] = {
        "reference": "led_1", "key": "k", "kind": "audit", "event": "e", "subject": "s",
        "refs": [], "facts": {}, "mode": "live", "trace_ref": "", "occurred_at": NOON,
        "recorded_at": NOON, "postings": {},
    }  # fmt: skip
    for bad in ("a\tb", "a\nb", "a\\b"):
        with pytest.raises(ValueError, match="no place in the ledger"):
            content.line(**{**fields, "subject": bad})


def test_who_did_what(now: datetime, settings: Any) -> None:
    recorded = operations.audit(actor_id=7, event="user.invited", subject="user:8", now=now)
    again = operations.audit(actor_id=None, event="user.invited", subject="user:8", now=now)

    event = AuditEvent.objects.get(pk=recorded.entry_id)
    assert (event.actor, event.event, event.subject, event.mode) == (
        "user:7", "user.invited", "user:8", settings.DEPLOYMENT_MODE,
    )  # fmt: skip
    assert AuditEvent.objects.get(pk=again.entry_id).actor == "system"
    assert AuditEvent.objects.count() == 2


def test_an_act_with_a_key_is_written_once(now: datetime) -> None:
    acts = [
        operations.audit(
            actor_id=7, event="user.invited", subject="user:8", mode="test", key="invite:8",
            now=now + timedelta(seconds=second),
        )
        for second in range(2)
    ]  # fmt: skip

    assert [act.is_new for act in acts] == [True, False]
    assert LedgerEntry.objects.get().mode == "test"


def test_each_view_of_the_entries_shows_its_kind(now: datetime) -> None:
    for kind in EntryKind.values:
        paid(kind=kind, facts={})

    assert [event.kind for event in AuditEvent.objects.all()] == ["audit"]
    assert [event.kind for event in SpendEvent.objects.all()] == ["spend"]


def test_sample_entries_have_the_same_content_and_hash(now: datetime) -> None:
    assert operations.seed_sample(count=20, now=now) == 20

    for entry in LedgerEntry.objects.all():
        assert content.content_hash(stored_line(entry.pk)[:-1]) == bytes(entry.content_hash)
        assert (entry.mode, entry.postings.count()) == ("sample", 2)
        assert is_reference(entry.reference)
        assert is_reference(entry.subject)
        assert is_reference(entry.trace_ref)
    with pytest.raises(ValueError, match="at a time"):
        operations.seed_sample(count=50_001, now=now)

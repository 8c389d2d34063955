"""What may lag is registered once, under an id that lasts, and asked in one statement."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from kernel import due_work
from kernel.due_work import DueWork
from tests.conftest import NOON
from tests.factories.revenue import CheckoutFactory


def test_each_kind_of_work_has_an_id_of_its_app_and_words_of_its_own() -> None:
    known = due_work.known()

    assert set(known) == {
        *("revenue.events", "revenue.checkouts", "revenue.payment_links", "revenue.refunds"),
        *("revenue.buyer_mails", "notices.alerts", "revenue.link_requests"),
        *("revenue.checkout_answers", "revenue.payment_link_answers", "revenue.refund_answers"),
        *("fulfillment.runs", "fulfillment.lookups", "ledger.unsealed", "notices.team_mails"),
        *("approvals.untold", "approvals.undecided"),
        *("toolrouter.approved_calls", "toolrouter.lost_calls", "toolrouter.receipts"),
        "toolrouter.overdue_purchases",
    }
    assert len({each.words for each in known.values()}) == len(known)


@pytest.mark.django_db
def test_all_of_it_is_asked_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        waits = due_work.waits(NOON)

    assert waits == dict.fromkeys(due_work.known(), 0.0)


def test_an_id_means_one_kind_of_work() -> None:
    events = due_work.known()["revenue.events"]
    due_work.register(events)

    other = DueWork(id=events.id, words=events.words, oldest_due="SELECT now()")
    with pytest.raises(ValueError, match=r"due work revenue\.events is registered in two ways"):
        due_work.register(other)


@pytest.mark.django_db
def test_late_is_what_waits_longer_than_five_minutes() -> None:
    CheckoutFactory(next_check_at=NOON)

    assert due_work.late(NOON + due_work.LAG_MAX) == {}
    assert due_work.late(NOON + due_work.LAG_MAX + timedelta(seconds=1)) == {
        "revenue.checkouts": 301.0
    }


@pytest.mark.django_db
def test_an_answer_of_a_vendor_is_late_by_a_time_of_its_own_and_is_no_work_of_ours() -> None:
    CheckoutFactory(state="unknown", created_at=NOON, next_check_at=NOON + timedelta(hours=3))

    in_an_hour = due_work.late(NOON + timedelta(hours=1))
    after_it = due_work.late(NOON + timedelta(hours=1, seconds=1))

    assert in_an_hour == {}
    assert after_it == {"revenue.checkout_answers": 3_601.0}
    assert due_work.known()["revenue.checkout_answers"].vendor == "Stripe"
    assert due_work.of_our_processes(after_it) == {}


def test_each_list_of_work_is_a_page() -> None:
    lists = [kind.listed_at for kind in due_work.known().values() if kind.listed_at]

    assert [reverse(name) + query for name, query in lists] == [
        *("/console/events/", "/console/outbox/?state=queued"),
        *("/console/tool-calls/?state=approved", "/console/tool-calls/?state=unknown"),
        "/console/purchases/?lane=overdue",
        *["/console/approvals/all/?state=pending"] * 2,
        "/console/ledger/",
    ]

"""What waits for a person is registered once, and asked in one statement."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from kernel import leased_work, waiting_list
from kernel.waiting_list import COUNTED_MAX, WaitingKind
from notices.models import OutgoingMail
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    PaymentLink,
    RefundRequest,
    StripeWebhookEvent,
)
from tests.conftest import NOON
from tests.factories.orders import AlertFactory, BuyerMailFactory
from tests.factories.people import make_person

A_PERCENT = WaitingKind(
    id="of_another_app",
    select=lambda: (
        "SELECT 'h', '100%%', '', 'sandbox', 150::bigint, 'USD', now(), NULL::timestamptz, %s",
        ["Ada"],
    ),
)


@pytest.mark.django_db
def test_an_id_means_one_kind_and_all_are_asked_at_once(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(waiting_list, "_known", dict(waiting_list._known))
    waiting_list.register(A_PERCENT)
    waiting_list.register(A_PERCENT)
    with pytest.raises(ValueError, match="of_another_app is registered in two ways"):
        waiting_list.register(WaitingKind(id=A_PERCENT.id, select=lambda: ("SELECT 1", ())))
    BuyerMailFactory(state="failed", next_attempt_at=None)

    with django_assert_num_queries(2):
        items, numbers = waiting_list.items(), waiting_list.numbers()

    assert {item.what: item.reference for item in items}["of_another_app"] == "100%"
    assert [(str(item.amount), item.assigned_to) for item in items if item.amount] == [
        ("$1.50 USD", "Ada")
    ]
    assert numbers == {"mail": 1, "of_another_app": 1}


@pytest.mark.django_db
def test_alerts_come_newest_first_with_whom_they_are_assigned_to_and_no_more_than_counted() -> None:
    ada = make_person("operator")
    User.objects.filter(pk=ada.pk).update(first_name="Ada", last_name="Byron")
    plain = make_person("operator", email="plain@trinity.example")
    AlertFactory.create_batch(COUNTED_MAX - 1, kind="refund_failed")
    AlertFactory(kind="refund_failed", assigned_to=plain)
    AlertFactory(
        kind="sweep_lag", subject="revenue.events", facts={"what": "Stripe events"}, assigned_to=ada
    )
    AlertFactory(kind="refund_failed", snoozed_until=NOON + timedelta(days=9_999))

    items = waiting_list.items()

    assert len(items) == waiting_list.numbers()["alert"] == COUNTED_MAX
    assert [(item.reference, item.assigned_to) for item in items[:1]] == [
        ("Stripe events", "Ada Byron")
    ]
    assert items[1].assigned_to == "plain@trinity.example"


def test_what_workers_lease_is_registered_by_its_apps() -> None:
    assert set(leased_work.known()) >= {
        *(StripeWebhookEvent, BuyerMail, CheckoutSession, PaymentLink, RefundRequest),
        OutgoingMail,
    }

"""Celery tasks: each drains what is due, and is a no-op the second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail

from notices import tasks as notices_tasks
from revenue import tasks_mail
from revenue.enums import MailState
from revenue.models import OrderLinkRequest
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


def test_every_due_mail_is_sent_in_one_go() -> None:
    for _ in range(3):
        BuyerMailFactory()

    assert (tasks_mail.send_mail(), tasks_mail.send_mail()) == (3, 0)
    assert len(django_mail.outbox) == 3


def test_lost_mails_are_found_before_due_ones_are_sent() -> None:
    lost = BuyerMailFactory(
        state=MailState.SENDING, leased_until=datetime.now(UTC) - timedelta(minutes=1)
    )

    tasks_mail.send_mail()

    lost.refresh_from_db()
    assert lost.state == MailState.SENT  # it had no letter yet, so it could not have left


def test_operators_are_told_and_links_are_sent() -> None:
    make_person("operator", email="operator@trinity.example")
    order = OrderFactory()
    AlertFactory()
    OrderLinkRequest.objects.create(email=order.buyer_email, requested_at=datetime.now(UTC))

    assert notices_tasks.send_alerts() == 1
    assert tasks_mail.answer_link_requests() == 1
    assert tasks_mail.send_mail() == 1
    assert [message.to for message in django_mail.outbox] == [
        ["operator@trinity.example"],
        ["ada@buyer.example"],
    ]
    assert not OrderLinkRequest.objects.exists()

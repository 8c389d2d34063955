"""At most one mail per order, kind and fact, and one sender per mail, whoever comes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from kernel.modes import Mode
from kernel.money import Money
from notices.exchanges.alerts import send_alerts
from notices.outbox.sending import send_next
from notices.ports import Letter
from revenue.enums import MailKind, MailState, Source
from revenue.exchanges.mails import BUYER_MAILS
from revenue.models import BuyerMail
from revenue.operations.mails import queue_mail
from revenue.operations.recording_context import RecordingContext
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory
from tests.factories.people import make_person
from tests.factories.revenue import NOON
from tests.revenue.conftest import Clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]
WORKERS = 6


def at_once(work: Callable[[], object]) -> list[object]:
    gate = threading.Barrier(WORKERS)

    def run() -> object:
        try:
            gate.wait(10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(WORKERS)]]


class Collecting:
    """A mailer that keeps what it is given, and minds that no transaction is open."""

    def __init__(self, letters: list[str]) -> None:
        self.letters = letters

    def send(self, letter: Letter) -> None:
        assert not connection.in_atomic_block
        self.letters.append(letter.subject if letter.to[0].startswith("o") else letter.message_id)

    def read_back(self, **_: object) -> None:
        return None


def test_a_fact_is_mailed_once_and_each_fact_for_itself() -> None:
    order = OrderFactory()

    def tell() -> None:
        context = RecordingContext(
            mode=Mode.SANDBOX, source=Source.DELIVERY, now=NOON, occurred_at=NOON
        )
        with transaction.atomic():
            queue_mail(context, order=order, kind=MailKind.PAID)
            for refund in ("re_1", "re_2"):
                queue_mail(
                    context,
                    order=order,
                    kind=MailKind.REFUND_BOOKED,
                    dedupe_key=refund,
                    amount=Money(40, "USD"),
                )

    at_once(tell)

    assert sorted(BuyerMail.objects.values_list("kind", "dedupe_key")) == [
        ("paid", ""),
        ("refund_booked", "re_1"),
        ("refund_booked", "re_2"),
    ]


def test_many_workers_send_each_mail_once(clock: Clock) -> None:
    for _ in range(3):
        BuyerMailFactory()
    letters: list[str] = []

    def drain() -> None:
        while send_next(BUYER_MAILS, mailer=Collecting(letters), clock=clock):
            pass

    at_once(drain)

    assert len(letters) == len(set(letters)) == 3
    assert set(BuyerMail.objects.values_list("state", flat=True)) == {MailState.SENT}


def test_many_workers_tell_operators_five_times_and_once_together(clock: Clock) -> None:
    make_person("owner", email="owner@trinity.example")
    for _ in range(9):
        AlertFactory()
    letters: list[str] = []

    at_once(lambda: send_alerts(mailer=Collecting(letters), clock=clock))

    assert sorted(letters) == [
        "[sandbox: no real money] 4 matters need a person",
        *["[sandbox: no real money] A Stripe event needs a person"] * 5,
    ]

"""Many sales at once: one contact, one winner, nothing lost and nothing stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from crm.enums import SaleStatus
from crm.models import Activity, Contact, Deal
from crm.operations import AttachedDeal, Sale, attach_sale, checkout_prepared
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from crm.usecases.review_lead import AlreadyAnswered, accept_lead, decline_lead
from kernel.money import Money
from kernel.references import new_reference
from tests.factories.crm import DealFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

THREADS = 8
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """Run all of ``works`` in threads that start together; return answers and exceptions."""
    start, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            answers[number] = work()
        except Exception as error:  # noqa: BLE001  # returned to the test, which looks at it
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def sale(**changes: Any) -> Callable[[], AttachedDeal]:
    fields: dict[str, Any] = {
        "status": SaleStatus.WON, "trace_ref": new_reference("trc"), "deal_id": None,
        "offer_id": None, "title": "Snapshot", "email": "ada@company.example", "name": "Ada",
        "stripe_customer_id": "", "mode": "sandbox", "amount": Money(100, "USD"),
        "order_ref": new_reference("ord"), "now": NOW, **changes,
    }  # fmt: skip

    def work() -> AttachedDeal:
        with transaction.atomic():
            return attach_sale(Sale(**fields))

    return work


@pytest.mark.parametrize("email", ["ada@company.example", ""])
def test_one_order_recorded_by_many_is_one_deal(email: str) -> None:
    fields = {"trace_ref": new_reference("trc"), "order_ref": new_reference("ord"), "email": email}

    answers = at_once([sale(**fields) for _ in range(THREADS)])

    assert len(set(answers)) == 1
    assert isinstance(answers[0], AttachedDeal)
    assert (Contact.objects.count(), Deal.objects.count(), Activity.objects.count()) == (1, 1, 1)


def test_many_orders_of_one_buyer_make_one_contact_and_a_deal_each() -> None:
    spellings = ["ada@company.example", "ADA@company.example", " Ada@Company.Example"]

    answers = at_once([sale(email=spellings[n % 3]) for n in range(THREADS)])

    assert len({answer.contact_id for answer in answers}) == 1
    assert len({answer.deal_id for answer in answers}) == THREADS
    assert Contact.objects.count() == 1


def test_many_orders_for_one_deal_have_one_winner() -> None:
    deal = DealFactory(stage="checkout")
    refs = [new_reference("ord") for _ in range(THREADS)]

    answers = at_once(
        [sale(deal_id=deal.pk, order_ref=ref, email=f"{n}@company.example")
         for n, ref in enumerate(refs)]
    )  # fmt: skip

    deal.refresh_from_db()
    winner = refs.index(deal.won_order_ref)
    assert [answer.won_by for answer in answers] == [
        None if n == winner else refs[winner] for n in range(THREADS)
    ]
    assert Activity.objects.filter(kind="double_payment").count() == THREADS - 1


def test_two_orders_of_one_buyer_and_offer_share_the_open_deal_once(
    offer_ids: tuple[int, int],
) -> None:
    open_deal = DealFactory(offer_id=offer_ids[0], stage="proposal")
    email = open_deal.contact.email

    answers = at_once([sale(offer_id=offer_ids[0], email=email) for _ in range(THREADS)])

    won_it = [answer for answer in answers if answer.deal_id == open_deal.pk]
    assert len(won_it) == 1
    assert all(answer.won_by is None for answer in answers)
    assert set(Deal.objects.values_list("stage", flat=True)) == {"won"}


def test_one_trace_paid_by_many_addresses_is_one_deal() -> None:
    trace_ref = new_reference("trc")

    answers = at_once(
        [sale(trace_ref=trace_ref, email=f"{n}@company.example") for n in range(THREADS)]
    )

    assert len({answer.deal_id for answer in answers}) == 1
    assert sum(answer.won_by is None for answer in answers) == 1
    assert Contact.objects.count() == THREADS


def test_paying_pending_failing_and_preparing_at_once_ends_won() -> None:
    deal = DealFactory(stage="qualified")
    mine = {"deal_id": deal.pk, "order_ref": new_reference("ord"), "email": deal.contact.email}

    def prepare() -> bool:
        with transaction.atomic():
            return checkout_prepared(
                deal_id=deal.pk, checkout_ref=new_reference("chk"), actor_id=None, now=NOW
            )

    answers = at_once([*(sale(status=status, **mine) for status in SaleStatus),
                       *(sale(status=status, **mine) for status in SaleStatus),
                       prepare, prepare])  # fmt: skip

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    deal.refresh_from_db()
    assert (deal.stage, deal.won_order_ref) == ("won", mine["order_ref"])


def test_a_lead_is_answered_once(django_user_model: type) -> None:
    people = [django_user_model.objects.create_user(f"op{n}").pk for n in range(THREADS)]
    deal = DealFactory()
    fields = {"deal_ref": deal.reference, "now": NOW}

    def answer(number: int) -> str:
        if number % 2:
            accept_lead(**fields, actor_id=people[number])
        else:
            decline_lead(**fields, reason="no", actor_id=people[number])
        return "answered"

    answers = at_once([lambda n=n: answer(n) for n in range(THREADS)])

    assert answers.count("answered") == 1
    assert all(isinstance(one, AlreadyAnswered) for one in answers if one != "answered")
    assert Activity.objects.count() == 1


def test_the_same_form_sent_many_times_at_once_is_one_lead() -> None:
    asked = SnapshotRequest(
        name="Grace", email="grace@crunchline.example", company="Crunchline", website="",
        wish="Look at dental practices.",
    )  # fmt: skip
    trace_ref = new_reference("trc")

    answers = at_once(
        [lambda: request_snapshot(asked=asked, trace_ref=trace_ref, mode="sandbox", now=NOW)]
        * THREADS
    )

    assert answers == [Deal.objects.get().reference] * THREADS
    assert (Contact.objects.count(), Activity.objects.count()) == (1, 1)

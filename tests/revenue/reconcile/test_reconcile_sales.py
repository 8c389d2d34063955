"""What nobody told us of still becomes what it is: orders, refunds, disputes, fees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from fulfillment.models import OrderIntake
from kernel.liveness import HOLDER_IS_GONE, NUMBER_MAX
from kernel.money import Money
from ledger.models import Posting
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, OrderState, RevenueKind, Source
from revenue.exchanges.events import process_due
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    Order,
    ReconcileRun,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)
from revenue.operations.event_filing import file_event
from revenue.ports import GatewayUnknown
from revenue.usecases.reconcile import AlreadyRunning, reconcile
from tests.outside import gateway_to
from tests.revenue.reconcile.conftest import Run, Sell, an_hour_from_now
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
PAYS_LATER, SLOW_REFUND = "4000000000002222", "4000000000007726"


def booked() -> dict[str, int]:
    """What our books hold, by kind."""
    totals: dict[str, int] = {}
    for event in RevenueEvent.objects.all():
        totals[event.kind] = totals.get(event.kind, 0) + event.amount_minor
    return totals


def balance(account: str) -> int:
    return sum(Posting.objects.filter(account=account).values_list("amount_minor", flat=True))


def stripes_fee(outside: RunningSandbox) -> int:
    lines = outside.client().balance_transactions.list({"limit": 100}).data
    return sum(line.fee for line in lines)


def stripes_balance(outside: RunningSandbox) -> int:
    lines = outside.client().balance_transactions.list({"limit": 100}).data
    return sum(line.net for line in lines if line.type != "payout")


def test_undelivered_events_become_the_sale(sell: Sell, run: Run, outside: Any) -> None:
    sell()
    found = run()
    order = Order.objects.get()
    assert order.state == OrderState.PAID
    assert OrderIntake.objects.get().order_id == order.pk
    assert booked() == {RevenueKind.PAYMENT: 10_000, RevenueKind.FEE: -320}
    assert balance("assets:stripe") == stripes_balance(outside) == 9_680
    assert balance("expenses:fees") == 320
    assert found.events_recovered > 0
    assert (found.fees_booked, found.differences, found.error_class) == (1, [], "")
    assert found.is_clean
    stripe_event = StripeWebhookEvent.objects.get(type="checkout.session.completed")
    assert (stripe_event.state, stripe_event.order) == (EventState.PROCESSED, order)
    assert {each.source for each in WebhookAttempt.objects.all()} == {Source.RECONCILE}


def test_a_second_run_changes_nothing(sell: Sell, run: Run) -> None:
    sell()
    run()
    before = (booked(), StripeWebhookEvent.objects.count(), WebhookAttempt.objects.count())
    again = run()
    assert (booked(), StripeWebhookEvent.objects.count(), WebhookAttempt.objects.count()) == before
    assert (again.events_recovered, again.facts_recovered, again.fees_booked) == (0, 0, 0)
    assert again.is_clean


@pytest.mark.usefixtures("without_events")
def test_an_open_checkout_is_read_and_found_paid(sell: Sell, run: Run) -> None:
    sell()
    found = run()
    assert Order.objects.get().state == OrderState.PAID
    assert (found.events_recovered, found.sessions_checked) == (0, 1)
    assert (found.facts_recovered, found.fees_booked, found.differences) == (1, 1, [])


@pytest.mark.usefixtures("without_events")
def test_a_young_checkout_is_left_to_its_buyer(sell: Sell, run: Run) -> None:
    sell(card=None)
    assert run(clock=lambda: datetime.now(UTC)).sessions_checked == 0


@pytest.mark.usefixtures("without_events")
def test_an_expired_checkout_is_closed(sell: Sell, run: Run, outside: RunningSandbox) -> None:
    checkout = sell(card=None)
    outside.control("expire", session=checkout.stripe_id)
    run()
    checkout.refresh_from_db()
    assert checkout.state == "expired"
    assert not Order.objects.exists()


@pytest.mark.usefixtures("without_events")
def test_a_bank_that_answered_unheard_settles_the_order(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    checkout = sell(PAYS_LATER)
    run()
    waiting = Order.objects.get()
    outside.control("settle", session=checkout.stripe_id)
    found = run()
    waiting.refresh_from_db()
    assert waiting.state == OrderState.PAID
    assert (found.differences, booked()[RevenueKind.PAYMENT]) == ([], 10_000)


@pytest.mark.usefixtures("without_events")
@pytest.mark.parametrize("review_reason", ["", "amount_differs"])
def test_a_bank_that_refused_unheard_fails_the_order(
    sell: Sell, run: Run, outside: RunningSandbox, review_reason: str
) -> None:
    checkout = sell(PAYS_LATER)
    run()
    if review_reason:
        Order.objects.update(review_reason=review_reason, state=OrderState.NEEDS_REVIEW)
    assert run().differences == []
    outside.control("settle", session=checkout.stripe_id, succeeds=False)
    found = run()
    order = Order.objects.get()
    assert order.state == (OrderState.NEEDS_REVIEW if review_reason else OrderState.FAILED)
    assert (order.payment_failed_at is not None, order.paid_at) == (True, None)
    assert BuyerMail.objects.filter(kind="payment_failed").count() == 1
    assert (found.differences, found.facts_recovered) == ([], 1)
    assert run().sessions_checked == 0


@pytest.mark.usefixtures("without_events")
def test_a_payment_that_only_the_balance_knows_becomes_an_order(
    run: Run, outside: RunningSandbox
) -> None:
    """Made by something else in the same Stripe account: its money is recorded for a person."""
    outside.pay(outside.open_session(unit_amount=4_200).id, wait_s=0)
    found = run()
    order = Order.objects.get()
    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, "unknown_session")
    assert order.total == Money(4_200, "USD")
    assert (found.facts_recovered, found.differences) == (1, [])


@pytest.mark.usefixtures("without_events")
def test_refunds_and_disputes_made_at_stripe_are_found(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    refunded, disputed = sell(), sell()
    run()
    outside.control("refunds", session=refunded.stripe_id, amount=2_500)
    outside.control("disputes", session=disputed.stripe_id)
    found = run()
    assert (found.facts_recovered, found.differences) == (2, [])
    states = {order.checkout_id: order.state for order in Order.objects.all()}
    assert states == {
        refunded.pk: OrderState.PARTIALLY_REFUNDED,
        disputed.pk: OrderState.DISPUTED,
    }
    assert booked() == {
        RevenueKind.PAYMENT: 20_000,
        RevenueKind.REFUND: -2_500,
        RevenueKind.DISPUTE: -10_000,
        RevenueKind.FEE: -640 - 1_500,
    }
    assert balance("assets:stripe") == stripes_balance(outside)
    assert Dispute.objects.get().status == "needs_response"


def test_a_dispute_that_was_won_ties_out(sell: Sell, run: Run, outside: RunningSandbox) -> None:
    checkout = sell()
    dispute = outside.control("disputes", session=checkout.stripe_id)
    outside.control("disputes", dispute=dispute["id"], action="win", is_fee_returned=True)
    found = run()
    assert found.differences == []
    assert Order.objects.get().state == OrderState.PAID
    assert balance("assets:stripe") == stripes_balance(outside) == 9_680


def test_a_refund_that_is_pending_is_no_difference_yet(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    checkout = sell(SLOW_REFUND)
    refund = outside.control("refunds", session=checkout.stripe_id, amount=1_000)
    found = run()
    assert (found.differences, RevenueKind.REFUND in booked()) == ([], False)
    assert [(row["what"], row["amount_minor"]) for row in found.listed] == [("under_way", -1_000)]
    outside.control("settle", refund=refund["id"])
    found = run()
    assert (found.differences, found.listed) == ([], [])
    assert booked()[RevenueKind.REFUND] == -1_000


def test_a_refund_that_failed_leaves_both_books_even(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    checkout = sell()
    refund = outside.control("refunds", session=checkout.stripe_id, amount=1_000)
    run()
    outside.control("settle", refund=refund["id"], succeeds=False)
    found = run()
    assert found.differences == []
    assert Order.objects.get().state == OrderState.REFUND_OWED
    assert balance("assets:stripe") == stripes_balance(outside)


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_refund_that_took_longer_than_the_window_leaves_both_books_even(
    sell: Sell, run: Run, outside: RunningSandbox, backdate: Callable[..., int], succeeds: bool
) -> None:
    """Stripe's line is as old as the refund's beginning; ours as the bank's answer."""
    checkout = sell(SLOW_REFUND)
    refund = outside.control("refunds", session=checkout.stripe_id, amount=1_000)
    run()
    assert backdate(days=9, source=refund["id"]) == 1
    outside.control("settle", refund=refund["id"], succeeds=succeeds)
    found = run(days=7)
    assert found.differences == []
    assert booked().get(RevenueKind.REFUND) == (-1_000 if succeeds else None)
    assert balance("assets:stripe") == stripes_balance(outside)
    assert run(days=20).differences == []


@pytest.mark.usefixtures("without_events")
def test_a_payment_that_took_longer_than_the_window_leaves_both_books_even(
    sell: Sell, run: Run, outside: RunningSandbox, backdate: Callable[..., int]
) -> None:
    checkout = sell(PAYS_LATER)
    run()
    charge = outside.client().charges.list({"limit": 1}).data[0].id
    backdate(days=9, source=charge)
    outside.control("settle", session=checkout.stripe_id)
    found = run(days=7)
    assert found.differences == []
    assert booked() == {RevenueKind.PAYMENT: 10_000, RevenueKind.FEE: -stripes_fee(outside)}
    assert balance("assets:stripe") == stripes_balance(outside)


def test_payouts_are_listed_and_not_booked(sell: Sell, run: Run, outside: RunningSandbox) -> None:
    sell()
    outside.control("payouts", is_early=True)
    found = run()
    assert [(row["what"], row["amount_minor"]) for row in found.listed] == [("payout", -9_680)]
    assert found.differences == []
    assert balance("assets:stripe") == 9_680


def test_an_event_of_an_unread_version_is_read_anew(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    """Stripe lists events as the account's own version rendered them, not as the endpoint's."""
    checkout = sell()
    for stripe_event in outside.ask("events", limit=100)["data"]:
        outside.control("emit", **{key: stripe_event[key] for key in ("id", "type")},
                      object=stripe_event["data"]["object"], api_version="2019-05-16")  # fmt: skip
    run()
    event = StripeWebhookEvent.objects.get(type="checkout.session.completed")
    assert (event.api_version, event.state) == ("2019-05-16", EventState.PROCESSED)
    assert Order.objects.get().checkout_id == checkout.pk


def test_a_listed_event_stays_a_hint_for_whoever_tries_it_next(
    sell: Sell, run: Run, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    sell()
    for stripe_event in outside.ask("events", limit=100)["data"]:
        outside.control("emit", **{key: stripe_event[key] for key in ("id", "type")},
                      object=stripe_event["data"]["object"], api_version="2019-05-16")  # fmt: skip
    [about] = [each.reference for each in CheckoutSession.objects.all()]
    outside.control(
        "faults", path="/v1/checkout/sessions", method="GET", effect="status", status=503
    )
    with pytest.raises(GatewayUnknown):
        run()
    outside.clear_faults()
    hours_later = datetime.now(UTC) + timedelta(hours=2)

    process_due(gateway=gateway, source=Source.SWEEP, clock=lambda: hours_later)

    event = StripeWebhookEvent.objects.get(type="checkout.session.completed")
    assert (event.api_version, event.state) == ("2019-05-16", EventState.PROCESSED)
    assert Order.objects.get().checkout.reference == about


def test_known_events_are_left_to_the_worker(sell: Sell, run: Run, gateway: StripeGateway) -> None:
    sell()
    now = datetime.now(UTC)
    for found in gateway.undelivered_events(since=now - timedelta(hours=1)):
        file_event(found.notice, body=found.body, is_stripe_itself=False, now=now)
    assert run().events_recovered == 0


def test_only_one_runs_at_a_time_and_an_abandoned_one_blocks_nobody(
    run: Run, now: datetime
) -> None:
    start = an_hour_from_now()
    other = ReconcileRun.objects.create(mode="sandbox", started_at=start, since=now, until=now)
    with pytest.raises(AlreadyRunning):
        run()
    ReconcileRun.objects.filter(pk=other.pk).update(started_at=start - timedelta(minutes=16))
    assert run().is_clean
    other.refresh_from_db()
    assert (other.error_class, other.is_clean) == ("Abandoned", False)


def test_a_run_whose_process_is_gone_blocks_nobody(
    run: Run, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_up = HOLDER_IS_GONE.replace("20 seconds", "0 seconds")  # the tests' Postgres may be young
    monkeypatch.setattr("kernel.liveness.HOLDER_IS_GONE", long_up)
    start = an_hour_from_now()
    started = {"mode": "sandbox", "started_at": start, "since": now, "until": now}
    other = ReconcileRun.objects.create(**started, leased_by=NUMBER_MAX)

    assert run().is_clean
    other.refresh_from_db()
    assert other.error_class == "Abandoned"


def test_a_run_that_cannot_reach_stripe_says_so_and_the_next_one_works(
    sell: Sell, run: Run, outside: RunningSandbox
) -> None:
    sell()
    outside.control("faults", path="/v1/balance_transactions", effect="status", status=503)
    with pytest.raises(GatewayUnknown):
        run()
    failed = ReconcileRun.objects.get()
    assert (failed.error_class, failed.error_code) == ("GatewayUnknown", "http_503")
    assert failed.finished_at is not None
    outside.clear_faults()
    assert run().is_clean


def test_nothing_is_compared_with_another_modes_money(sell: Sell, run: Run) -> None:
    sell()
    run()
    assert {event.mode for event in RevenueEvent.objects.all()} == {"sandbox"}
    assert not OperatorAlert.objects.filter(kind="reconcile_difference").exists()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_the_worker_and_a_reconcile_at_the_same_time_book_once(
    sell: Sell, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    for _ in range(3):
        sell()
    now = datetime.now(UTC)
    for found in gateway.undelivered_events(since=now - timedelta(hours=1)):
        file_event(found.notice, body=found.body, is_stripe_itself=False, now=now)
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        while process_due(gateway=gateway, source=Source.SWEEP, clock=lambda: datetime.now(UTC)):
            pass
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    start.wait()
    reconcile(gateway=gateway_to(outside.base), clock=an_hour_from_now, days=2)
    worker.join()
    assert CheckoutSession.objects.filter(state="complete").count() == 3
    assert booked() == {RevenueKind.PAYMENT: 30_000, RevenueKind.FEE: -960}
    assert StripeWebhookEvent.objects.filter(state="dead").count() == 0

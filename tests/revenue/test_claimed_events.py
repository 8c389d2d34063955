"""Events that a worker has claimed: none is held back, counted or abandoned for another's sake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from kernel.leases import claim_due
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, Outcome, Source
from revenue.exchanges.events import LEASE, WORKABLE, process_due
from revenue.models import Order, StripeWebhookEvent
from revenue.ports import GatewayUnknown, RefundFact
from revenue.retries import EVENT_RETRIES
from revenue.usecases.replay_event import replay_event
from tests.factories.revenue import CheckoutFactory, filed, session_object
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]


class SlowStripe(StripeGateway):
    """Stripe answers a question about a charge with nothing, after ``meanwhile`` has happened."""

    meanwhile: Callable[[], object]

    def refunds_of_charge(self, charge_id: str) -> list[RefundFact]:
        self.meanwhile()
        raise GatewayUnknown(f"no_answer about {charge_id}", is_replayable=True)


def slow_stripe(meanwhile: Callable[[], object]) -> SlowStripe:
    slow = SlowStripe(
        api_key="sk_sandbox_test",
        api_base="http://127.0.0.1:9",
        webhook_secrets=["whsec_test"],
        timeout_s=0.5,
        retries=0,
    )
    slow.meanwhile = meanwhile
    return slow


def file_refunded_charge(number: int = 1) -> StripeWebhookEvent:
    charge = {
        "id": f"ch_{number}",
        "object": "charge",
        "payment_intent": f"pi_{number}",
        "amount_refunded": 100,
        "currency": "usd",
    }
    return filed("charge.refunded", charge)


def file_sale() -> StripeWebhookEvent:
    return filed("checkout.session.completed", session_object(CheckoutFactory()))


def workers_die(clock: Any, *, times: int, limit: int = 20) -> None:
    """Claim what is due, as a worker does, and come to nothing, ``times`` times."""
    for _ in range(times):
        claim_due(
            StripeWebhookEvent,
            states=WORKABLE,
            to=EventState.PROCESSING,
            now=clock(),
            lease=LEASE,
            limit=limit,
        )
        clock.at += LEASE + timedelta(seconds=1)


def test_slow_refunds_hold_no_sale_back(clock: Any, deaf_gateway: StripeGateway) -> None:
    for number in range(5):
        file_refunded_charge(number)
    sale = file_sale()
    slow = slow_stripe(lambda: clock.forward(seconds=62))
    due_at, filed_at = sale.next_attempt_at, clock()

    process_due(gateway=slow, source=Source.DELIVERY, clock=clock)

    sale.refresh_from_db()
    assert (sale.state, sale.attempts, sale.leased_until) == (EventState.RECEIVED, 0, None)
    assert sale.next_attempt_at == due_at  # its place in the queue
    assert clock() - filed_at < LEASE / 2

    process_due(gateway=deaf_gateway, source=Source.DELIVERY, clock=clock)
    sale.refresh_from_db()
    assert (sale.state, sale.attempts) == (EventState.PROCESSED, 1)


def test_what_was_given_back_waits_for_what_it_waited_for(clock: Any) -> None:
    file_refunded_charge()
    waiting = file_refunded_charge(2)
    StripeWebhookEvent.objects.filter(pk=waiting.pk).update(
        state=EventState.WAITING, waits_for="pi_2", attempts=3
    )
    slow = slow_stripe(lambda: clock.forward(seconds=200))

    process_due(gateway=slow, source=Source.DELIVERY, clock=clock)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.waits_for, waiting.attempts) == (EventState.WAITING, "pi_2", 3)


def test_what_another_worker_took_over_is_not_given_back(clock: Any) -> None:
    file_refunded_charge()
    sale = file_sale()

    def another_takes_all() -> None:
        clock.at += LEASE
        workers_die(clock, times=1)

    process_due(gateway=slow_stripe(another_takes_all), source=Source.DELIVERY, clock=clock)

    sale.refresh_from_db()
    assert (sale.state, sale.attempts, sale.lease_token) == (EventState.PROCESSING, 2, 2)


def test_an_event_that_another_worker_took_over_leaves_the_batch_alone(clock: Any) -> None:
    taken = file_refunded_charge()
    sale = file_sale()
    slow = slow_stripe(
        lambda: StripeWebhookEvent.objects.filter(pk=taken.pk).update(lease_token=99),
    )

    process_due(gateway=slow, source=Source.DELIVERY, clock=clock)

    sale.refresh_from_db()
    taken.refresh_from_db()
    assert sale.state == EventState.PROCESSED
    assert (taken.state, taken.attempt_rows.count()) == (EventState.PROCESSING, 0)


def test_an_event_that_ends_its_workers_is_parked_for_a_person(
    clock: Any, process: Process
) -> None:
    file_sale()
    workers_die(clock, times=EVENT_RETRIES.attempts_max)

    (event,) = process()

    assert (event.state, event.error_class) == (EventState.DEAD, "NeedsOperator")
    assert "worker" in event.error
    assert [row.outcome for row in event.attempt_rows.all()] == ["parked"]
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]
    assert not Order.objects.exists()


def test_a_person_may_try_a_parked_event_all_the_same(
    clock: Any, process: Process, deaf_gateway: StripeGateway
) -> None:
    sale = file_sale()
    workers_die(clock, times=EVENT_RETRIES.attempts_max)
    process()

    replay_event(sale.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)

    sale.refresh_from_db()
    assert sale.state == EventState.PROCESSED
    assert Order.objects.get().state == "paid"


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def test_a_deadly_event_takes_no_sale_down_with_it(clock: Any) -> None:
    deadly = file_refunded_charge()
    sales = [file_sale() for _ in range(3)]

    def die() -> None:
        raise Killed

    killing = slow_stripe(die)
    for _ in range(EVENT_RETRIES.attempts_max + 1):
        for _tick in range(5):
            try:
                process_due(gateway=killing, source=Source.DELIVERY, clock=clock)
            except Killed:
                clock.forward(seconds=5)  # the next worker starts
        clock.at += LEASE

    deadly.refresh_from_db()
    assert deadly.state == EventState.DEAD
    for sale in sales:
        sale.refresh_from_db()
        assert (sale.state, sale.attempts) == (EventState.PROCESSED, 2)


def test_a_dead_workers_events_are_taken_up_one_by_one_in_one_turn(
    clock: Any, process: Process
) -> None:
    for _ in range(4):
        file_sale()
    workers_die(clock, times=1)

    assert {event.state for event in process()} == {EventState.PROCESSED}


@pytest.mark.parametrize(
    ("at_commit", "error_class"),
    [
        ("RAISE EXCEPTION 'not today'", "ProgrammingError"),
        ("PERFORM pg_terminate_backend(pg_backend_pid())", "OperationalError"),
    ],
    ids=["refused", "connection cut"],
)
def test_an_event_whose_commit_fails_is_tried_again_and_keeps_no_sale_back(
    clock: Any,
    deaf_gateway: StripeGateway,
    commit_of_first_attempt: Callable[[str], None],
    at_commit: str,
    error_class: str,
) -> None:
    failed, sale = file_sale(), file_sale()
    commit_of_first_attempt(at_commit)

    process_due(gateway=deaf_gateway, source=Source.DELIVERY, clock=clock)

    failed.refresh_from_db()
    sale.refresh_from_db()
    assert (failed.state, failed.error_class) == (EventState.FAILED, error_class)
    assert [row.outcome for row in failed.attempt_rows.all()] == ["failed"]
    assert (sale.state, Order.objects.count()) == (EventState.PROCESSED, 1)


@pytest.mark.parametrize("is_ignored", [True, False])
def test_a_commit_whose_answer_was_lost_stands(
    clock: Any, deaf_gateway: StripeGateway, is_ignored: bool
) -> None:
    heard = filed("customer.created", {"id": "cus_1"}) if is_ignored else file_sale()
    sale = file_sale()

    with connection.execute_wrapper(LosesFirstAnswer()):
        process_due(gateway=deaf_gateway, source=Source.DELIVERY, clock=clock)

    heard.refresh_from_db()
    sale.refresh_from_db()
    assert heard.state == (EventState.IGNORED if is_ignored else EventState.PROCESSED)
    assert heard.attempt_rows.count() == 1
    assert sale.state == EventState.PROCESSED


def test_a_person_is_told_of_what_stands_although_its_answer_was_lost(
    clock: Any, deaf_gateway: StripeGateway
) -> None:
    sale = file_sale()

    with connection.execute_wrapper(LosesFirstAnswer()):
        done = replay_event(sale.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)

    assert (done.outcome, done.problem) == (Outcome.RECORDED, "")


class LosesFirstAnswer:
    """The first attempt's COMMIT is done, and its answer never arrives."""

    has_lost = False

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "revenue_webhookattempt" in sql and not self.has_lost:
            self.has_lost = True
            transaction.on_commit(self._lose)
        return execute(sql, *rest)

    def _lose(self) -> None:
        raise OperationalError("server closed the connection unexpectedly")


@pytest.fixture
def commit_of_first_attempt() -> Iterator[Callable[[str], None]]:
    """Do something in the database as the first attempt of all is committed."""

    def install(what: str) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"""
                CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql
                    SECURITY DEFINER AS $$ BEGIN
                    IF NEW.outcome = 'recorded' AND NEW.event_id = (
                        SELECT min(id) FROM revenue_stripewebhookevent) THEN {what}; END IF;
                    RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON revenue_webhookattempt
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()""")

    yield install
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION at_commit() CASCADE")

"""One event in two renderings, as Stripe sends it while one upgrades: what can be read counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, OrderState
from revenue.exchanges import event_plan, events
from revenue.exchanges.missed import recover_events
from revenue.models import (
    CheckoutSession,
    Dispute,
    EventAlarm,
    EventRendering,
    EventRepeat,
    Order,
    RevenueEvent,
    StripeWebhookEvent,
)
from revenue.operations.event_filing import Delivery
from revenue.policy import mode_of
from revenue.ports import StripeEvent
from revenue.usecases.accept_webhook import accept_deliveries
from revenue.usecases.close_event import close_event
from revenue.usecases.empty_bodies import empty_old_bodies
from revenue.usecases.replay_event import replay_event
from tests.factories.people import client_of, make_person
from tests.factories.revenue import (
    API_VERSION,
    NOON,
    CheckoutFactory,
    dispute_object,
    event_body,
    refund_object,
    session_object,
)
from tests.revenue.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
NEWER = "2026-08-26.dahlia"
COMPLETED = "checkout.session.completed"


@pytest.fixture
def checkout() -> CheckoutSession:
    return CheckoutFactory()


@pytest.fixture
def operator() -> User:
    return make_person("operator")


def rendering(gateway: StripeGateway, body: bytes) -> Delivery:
    notice = gateway.read_notice(body)
    mode = mode_of(livemode=notice.livemode, is_stripe_itself=False)
    return Delivery(notice=notice, body=body, mode=mode, received_at=NOON)


def body_of(kind: str, payload: dict[str, Any], version: str, **changes: Any) -> bytes:
    return event_body(kind, payload, **{"id": "evt_twice", "api_version": version, **changes})


def deliver(gateway: StripeGateway, *bodies: bytes) -> list[bool | Exception]:
    return accept_deliveries([rendering(gateway, body) for body in bodies], gateway=gateway)


def test_a_sale_that_nobody_could_read_is_made_when_it_can_be_read(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    (unread,) = process()
    alerts = OperatorAlert.objects.filter(kind="event_dead", closed_at=None)
    told_of = alerts.count()

    news = deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))
    (event,) = process()

    assert (unread.state, told_of, news) == (EventState.DEAD, 1, [True])
    assert (event.state, event.error, event.api_version) == (EventState.PROCESSED, "", NEWER)
    assert Order.objects.get().state == OrderState.PAID
    assert EventRepeat.objects.get().times == 1
    assert not alerts.exists()
    assert not EventAlarm.objects.exists()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("versions", [(NEWER, API_VERSION), (API_VERSION, NEWER)])
def test_in_any_order_it_is_one_sale(
    deaf_gateway: StripeGateway,
    process: Process,
    checkout: CheckoutSession,
    versions: tuple[str, str],
    together: bool,
) -> None:
    bodies = [body_of(COMPLETED, session_object(checkout), version) for version in versions]
    if together:
        deliver(deaf_gateway, *bodies)
    else:
        for body in bodies:
            deliver(deaf_gateway, body)

    (event,) = process()

    assert (event.state, event.attempts) == (EventState.PROCESSED, 1)
    assert (Order.objects.count(), RevenueEvent.objects.count()) == (1, 1)
    assert not OperatorAlert.objects.exists()


@pytest.mark.parametrize("is_processed", [True, False])
def test_what_cannot_be_read_changes_nothing_when_it_comes_second(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession, is_processed: bool
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))
    if is_processed:
        process()

    news = deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    (event,) = process()

    assert news == [False]
    assert (event.state, event.attempts) == (EventState.PROCESSED, 1)
    assert not EventRendering.objects.exists()
    assert not OperatorAlert.objects.exists()


def test_no_refund_and_no_dispute_stays_dead_either(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    payload = [
        (COMPLETED, session_object(checkout), "evt_sale"),
        ("refund.created", refund_object(checkout, amount=40), "evt_refund"),
        ("charge.dispute.created", dispute_object(checkout, amount=60), "evt_dispute"),
    ]
    for version in (NEWER, API_VERSION):
        for kind, about, event_id in payload:
            deliver(deaf_gateway, body_of(kind, about, version, id=event_id))
        events = process()

    assert [event.state for event in events] == [EventState.PROCESSED] * 3
    order = Order.objects.get()
    assert (order.state, order.refunded_minor) == (OrderState.DISPUTED, 40)
    assert Dispute.objects.count() == 1


def test_the_same_rendering_again_is_a_repeat_and_another_content_an_alarm(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    for version in (NEWER, API_VERSION):
        deliver(deaf_gateway, body_of(COMPLETED, paid, version))
    process()

    again = deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION, pending_webhooks=0))
    alarms_before = EventAlarm.objects.count()
    other = body_of(COMPLETED, paid | {"amount_total": 1}, API_VERSION)
    changed = deliver(deaf_gateway, other)
    process()

    assert (again, alarms_before, changed) == ([False], 0, [False])
    assert [bytes(alarm.body) for alarm in EventAlarm.objects.all()] == [other]
    assert [alert.kind for alert in OperatorAlert.objects.filter(closed_at=None)] == [
        "event_differs"
    ]
    assert Order.objects.get().amount_minor == 100


def test_the_same_id_about_something_else_is_no_rendering(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    process()

    deliver(deaf_gateway, body_of("checkout.session.expired", paid, API_VERSION))
    (event,) = process()

    assert event.state == EventState.DEAD
    assert EventAlarm.objects.count() == 1
    assert not Order.objects.exists()


def test_two_versions_that_nobody_reads_stay_parked(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    process()

    assert deliver(deaf_gateway, body_of(COMPLETED, paid, "2031-01-01.fern")) == [False]
    assert [event.state for event in process()] == [EventState.DEAD]


def test_it_comes_while_a_worker_parks_the_first(
    deaf_gateway: StripeGateway,
    process: Process,
    checkout: CheckoutSession,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))

    def plan_and_be_overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(events, "plan_event", event_plan.plan_event)
        try:
            return event_plan.plan_event(*args, **kwargs)
        finally:
            deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))

    monkeypatch.setattr(events, "plan_event", plan_and_be_overtaken)
    (first,) = process()
    clock.forward(minutes=1)
    (event,) = process()

    assert first.state == EventState.FAILED
    assert event.state == EventState.PROCESSED
    assert Order.objects.get().state == OrderState.PAID


def test_a_person_who_closed_what_could_not_be_read_did_not_close_the_sale(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession, operator: User
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    process()
    close_event("evt_twice", reason="cannot be read", actor_id=operator.pk, now=NOON)

    deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))

    assert [event.state for event in process()] == [EventState.PROCESSED]
    assert Order.objects.get().state == OrderState.PAID


def test_a_replay_needs_no_stripe_where_a_rendering_can_be_read(
    deaf_gateway: StripeGateway,
    process: Process,
    checkout: CheckoutSession,
    operator: User,
    clock: Clock,
) -> None:
    paid = session_object(checkout)
    for version in (NEWER, API_VERSION):
        deliver(deaf_gateway, body_of(COMPLETED, paid, version))
    process()

    done = replay_event("evt_twice", gateway=deaf_gateway, actor_id=operator.pk, clock=clock)

    assert (done.outcome, done.problem) == ("already_known", "")


def test_what_stripe_lists_in_a_version_we_read_is_acted_on_too(
    deaf_gateway: StripeGateway,
    process: Process,
    checkout: CheckoutSession,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    process()
    body = body_of(COMPLETED, paid, API_VERSION)
    listed = StripeEvent(notice=deaf_gateway.read_notice(body), body=body)
    monkeypatch.setattr(deaf_gateway, "undelivered_events", lambda **_since: iter([listed]))

    found = recover_events(gateway=deaf_gateway, clock=clock)
    clock.forward(hours=1)  # Stripe was away when it was to be read anew: the sweep has it
    (event,) = process()

    assert found == 1
    assert event.state == EventState.PROCESSED
    assert Order.objects.get().state == OrderState.PAID


def test_its_body_is_emptied_with_the_event(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    for version in (NEWER, API_VERSION):
        deliver(deaf_gateway, body_of(COMPLETED, paid, version))
    process()

    day = timedelta(days=1)
    empty_old_bodies(gateway=deaf_gateway, kept=day, now=NOON + 2 * day)
    again = deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))

    assert EventRendering.objects.get().body is None
    assert again == [False]
    assert not EventAlarm.objects.exists()


def test_its_page_shows_both(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)
    for version in (NEWER, API_VERSION):
        deliver(deaf_gateway, body_of(COMPLETED, paid, version))
    process()

    page = client_of(make_person("operator")).get("/console/events/evt_twice/").content.decode()

    assert f"The same event at version {API_VERSION}" in page
    assert f"The first one, at version {NEWER}, could not be read" in page
    assert "ada@buyer.example" not in page


def unreadable(payload: dict[str, Any]) -> dict[str, Any]:
    """The same object with a word that is on no list of ours."""
    return {**payload, "payment_status": "partially_paid"}


@pytest.fixture
def two_versions(settings: Any) -> None:
    settings.STRIPE_API_VERSIONS = [API_VERSION, NEWER]


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize("is_processed", [True, False])
@pytest.mark.parametrize("is_unreadable_first", [True, False])
def test_a_body_that_nobody_could_read_is_acted_on_when_it_comes_readable(
    deaf_gateway: StripeGateway,
    process: Process,
    checkout: CheckoutSession,
    is_unreadable_first: bool,
    is_processed: bool,
) -> None:
    paid = session_object(checkout)
    bodies = [
        body_of(COMPLETED, unreadable(paid), API_VERSION),
        body_of(COMPLETED, paid, NEWER),
    ]
    for body in bodies if is_unreadable_first else reversed(bodies):
        deliver(deaf_gateway, body)
        if is_processed:
            process()

    (event,) = process()

    assert (event.state, event.error) == (EventState.PROCESSED, "")
    assert Order.objects.get().state == OrderState.PAID
    assert not OperatorAlert.objects.filter(closed_at=None).exists()
    assert not EventAlarm.objects.exists()


def test_of_three_renderings_the_one_that_can_be_read_counts(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession, settings: Any
) -> None:
    settings.STRIPE_API_VERSIONS = [API_VERSION, "2025-01-01.acacia"]
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    deliver(deaf_gateway, body_of(COMPLETED, unreadable(paid), API_VERSION))
    (event,) = process()
    assert (event.state, "payment_status" in event.error) == (EventState.DEAD, True)

    deliver(deaf_gateway, body_of(COMPLETED, paid, "2025-01-01.acacia"))
    (event,) = process()

    assert event.state == EventState.PROCESSED
    assert Order.objects.get().state == OrderState.PAID


@pytest.mark.usefixtures("two_versions")
def test_of_a_body_that_can_be_read_no_other_rendering_is_kept(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession
) -> None:
    paid = session_object(checkout)

    deliver(deaf_gateway, body_of(COMPLETED, paid, API_VERSION))
    news = deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))

    assert news == [False]
    assert not EventRendering.objects.exists()


@pytest.mark.usefixtures("two_versions")
def test_the_page_shows_both_renderings_and_says_which_is_acted_on(
    deaf_gateway: StripeGateway, process: Process, checkout: CheckoutSession, operator: User
) -> None:
    paid = session_object(checkout)
    deliver(deaf_gateway, body_of(COMPLETED, unreadable(paid), API_VERSION))
    deliver(deaf_gateway, body_of(COMPLETED, paid, NEWER))
    process()

    page = client_of(operator).get("/console/events/evt_twice/").content.decode()

    assert f"The same event at version {NEWER}" in page
    assert "could not be read" in page

"""What Stripe wrote about a person goes; ids, digests and everything recorded stay."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.utils import DatabaseError, IntegrityError

from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.adapters.stripe_signature import fact_digest
from revenue.enums import AlertKind
from revenue.models import EventAlarm, Order, RevenueEvent, StripeWebhookEvent
from revenue.usecases.accept_webhook import accept_webhook
from revenue.usecases.empty_bodies import NoSuchContact, empty_bodies_of, empty_old_bodies
from tests.factories.revenue import (
    CheckoutFactory,
    event_body,
    filed,
    payment_of,
    refund_object,
    session_object,
)
from tests.owner import as_owner, rewriting
from tests.revenue.conftest import SECRET, Clock

pytestmark = pytest.mark.django_db
DAYS_90 = timedelta(days=90)
COMPLETED = "checkout.session.completed"
Process = Callable[[], list[StripeWebhookEvent]]


def everything_stored() -> bytes:
    """All that the inbox holds, as one text to look for a person in."""
    bodies = [bytes(event.body or b"") for event in StripeWebhookEvent.objects.all()]
    return b"\n".join([*bodies, *(bytes(alarm.body or b"") for alarm in EventAlarm.objects.all())])


def test_old_bodies_go_and_what_follows_from_them_stays(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    event = filed(COMPLETED, session_object(CheckoutFactory()))
    body = bytes(event.body or b"")
    process()
    clock.forward(days=91)
    assert empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock()) == 1
    event.refresh_from_db()
    assert (event.body, event.emptied_at) == (None, clock())
    assert event.body_sha256 == hashlib.sha256(body).hexdigest()
    assert event.fact_sha256 == fact_digest(body)
    assert (event.type, event.object_id) == (COMPLETED, json.loads(body)["data"]["object"]["id"])
    assert RevenueEvent.objects.get().event == event
    assert Order.objects.get().buyer_email == "ada@buyer.example"  # the order is ours to keep


def test_younger_bodies_stay(deaf_gateway: StripeGateway, clock: Clock) -> None:
    event = filed(COMPLETED, session_object(CheckoutFactory()))
    clock.forward(days=90)
    assert empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock()) == 0
    event.refresh_from_db()
    assert event.body is not None


def test_many_old_bodies_go_in_batches(deaf_gateway: StripeGateway, clock: Clock) -> None:
    for number in range(210):
        filed("customer.created", {"id": f"cus_{number}", "email": "ada@buyer.example"})
    clock.forward(days=91)
    assert empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock()) == 210
    assert b"ada@buyer.example" not in everything_stored()
    assert empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock()) == 0


def deliver(body: bytes, gateway: StripeGateway, clock: Clock) -> None:
    signed_at = int(clock().timestamp())
    payload = f"{signed_at}.".encode() + body
    digest = hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()
    header = f"t={signed_at},v1={digest}"
    accept_webhook(
        body=body, signature=header, gateway=gateway, is_stripe_itself=False, now=clock()
    )


def test_a_known_id_is_still_compared_after_its_body_went(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    original = bytes(event.body or b"")
    clock.forward(days=91)
    empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock())
    resent = json.loads(original) | {"pending_webhooks": 5}
    deliver(json.dumps(resent).encode(), deaf_gateway, clock)
    assert not EventAlarm.objects.exists()  # the same fact, through another endpoint
    forged = event_body(COMPLETED, session_object(checkout, amount_total=1), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    assert EventAlarm.objects.get().event == event
    assert OperatorAlert.objects.get().kind == AlertKind.EVENT_DIFFERS


def test_alarms_are_emptied_with_their_event(deaf_gateway: StripeGateway, clock: Clock) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    forged = event_body(COMPLETED, session_object(checkout, amount_total=1), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    digest = EventAlarm.objects.get().fact_sha256
    clock.forward(days=91)
    empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock())
    alarm = EventAlarm.objects.get()
    assert (alarm.body, alarm.fact_sha256) == (None, digest)


def test_an_alarm_that_came_after_the_emptying_goes_in_its_own_time(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    clock.forward(days=91)
    empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock())
    forged = event_body(COMPLETED, session_object(checkout, amount_total=1), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock())
    assert EventAlarm.objects.get().body is not None
    clock.forward(days=91)
    empty_old_bodies(gateway=deaf_gateway, kept=DAYS_90, now=clock())
    assert EventAlarm.objects.get().body is None


def test_a_persons_alarm_on_an_emptied_event_goes_too(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    process()
    contact = Order.objects.get().contact
    assert contact is not None
    empty_bodies_of(contact.reference, gateway=deaf_gateway, actor_id=None, now=clock())
    forged = event_body(COMPLETED, session_object(checkout, amount_total=1), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    empty_bodies_of(contact.reference, gateway=deaf_gateway, actor_id=None, now=clock())
    assert everything_stored().strip() == b""


def test_everything_about_one_person_goes_and_nothing_about_another(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    ada, bob = CheckoutFactory(), CheckoutFactory()
    filed(COMPLETED, session_object(ada))
    filed("refund.created", refund_object(ada))
    filed(COMPLETED, session_object(bob, customer_details={"email": "bob@b.example", "name": "B"}))
    # Types that nothing is recorded of, so that no order names them: found by what they say.
    filed("charge.failed", {"id": "ch_x", "payment_intent": payment_of(ada), "name": "Lovelace"})
    filed("customer.created", {"id": "cus_1", "email": "ada@buyer.example"})
    process()
    contact = Order.objects.get(checkout=ada).contact
    assert contact is not None
    emptied = empty_bodies_of(contact.reference, gateway=deaf_gateway, actor_id=7, now=clock())
    assert emptied == 4
    stored = everything_stored()
    assert b"ada@buyer.example" not in stored
    assert b"Lovelace" not in stored
    assert b"bob@b.example" in stored
    assert StripeWebhookEvent.objects.filter(body__isnull=False).count() == 1
    audit = LedgerEntry.objects.get(event="events.emptied")
    assert (audit.subject, audit.facts) == (contact.reference, {"actor": "user:7", "events": 4})


def test_an_order_that_waits_for_a_person_is_found_by_its_address(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    """It has no contact yet, because nobody has accepted it."""
    first, second = CheckoutFactory(), CheckoutFactory()
    filed(COMPLETED, session_object(first))
    filed(COMPLETED, session_object(second, amount_total=5))
    process()
    contact = Order.objects.get(checkout=first).contact
    assert contact is not None
    assert Order.objects.get(checkout=second).contact is None
    assert empty_bodies_of(
        contact.reference, gateway=deaf_gateway, actor_id=None, now=clock()
    ) == 2  # fmt: skip


def test_nobody_is_forgotten_under_an_unknown_name(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    with pytest.raises(NoSuchContact):
        empty_bodies_of("con_unknown", gateway=deaf_gateway, actor_id=None, now=clock())
    with pytest.raises(CommandError, match="Nobody is known"):
        call_command("empty_event_bodies", "--contact", "con_unknown")


def test_the_command_empties_the_old_ones() -> None:
    event = filed(COMPLETED, session_object(CheckoutFactory()))
    with rewriting(StripeWebhookEvent):
        StripeWebhookEvent.objects.filter(pk=event.pk).update(
            received_at=event.received_at - timedelta(days=400)
        )
    out = StringIO()
    call_command("empty_event_bodies", "--old", stdout=out)
    assert out.getvalue().startswith("1 event(s) emptied.")


def test_the_database_knows_no_empty_body_without_its_date() -> None:
    event = filed(COMPLETED, session_object(CheckoutFactory()))
    with pytest.raises(IntegrityError, match="webhook_event_emptied_iff_it_has_a_date"):
        StripeWebhookEvent.objects.filter(pk=event.pk).update(body=None)


def test_an_alarm_can_be_emptied_and_nothing_else(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    forged = event_body(COMPLETED, session_object(checkout, amount_total=1), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    with as_owner(), pytest.raises(DatabaseError, match="append-only"):
        EventAlarm._base_manager.update(fact_sha256="0" * 64)

"""The door: signed or refused, filed once, answered at once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notices.models import OperatorAlert
from revenue.models import EventAlarm, EventRepeat, StripeWebhookEvent
from revenue.providers import gateway_for_web
from revenue.usecases.accept_webhook import accept_webhook
from revenue.webhooks import BODY_BYTES_MAX, file_together, status_of, verified
from tests.factories.revenue import event_body
from tests.kernel.conftest import at_once

pytestmark = pytest.mark.django_db

SECRET = settings.STRIPE_WEBHOOK_SECRETS[0]
SESSION = {"id": "cs_test_1", "object": "checkout.session", "payment_status": "paid"}
BODY = event_body("checkout.session.completed", SESSION)


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    stamp = int(time.time() if at is None else at)
    return stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=stamp)


def deliver(
    body: bytes = BODY, *, signature: str | None = None, path: str = "/webhooks/stripe"
) -> int:
    header = signed(body) if signature is None else signature
    answer = Client().post(
        path, data=body, content_type="application/json", headers={"Stripe-Signature": header}
    )
    return answer.status_code


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/webhooks/stripe/"])
def test_a_signed_event_is_filed_and_answered_without_a_redirect(path: str) -> None:
    assert deliver(path=path) == 200

    event = StripeWebhookEvent.objects.get()
    assert bytes(event.body) == BODY
    assert (event.type, event.object_id) == ("checkout.session.completed", "cs_test_1")
    assert (event.state, event.mode, event.attempts) == ("received", "sandbox", 0)


def statements_of_this_backend() -> int:
    """How many statements this connection has run, as psycopg counts those it prepares."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements"
            " WHERE statement LIKE '%INSERT INTO revenue_stripewebhookevent%'"
        )
        return int(cursor.fetchone()[0] or 0)


@pytest.mark.django_db(transaction=True)
def test_filing_is_one_statement() -> None:
    before = statements_of_this_backend()
    accept = {"gateway": gateway_for_web(), "is_stripe_itself": False, "now": datetime.now(UTC)}

    with CaptureQueriesContext(connection) as through_the_orm:
        accept_webhook(body=BODY, signature=signed(BODY), **accept)

    assert len(through_the_orm) == 0
    assert statements_of_this_backend() == before + 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda: "",
        lambda: "nonsense",
        lambda: "t=1,v1=00",
        lambda: signed(BODY, secret="whsec_other"),
        lambda: signed(BODY, at=time.time() - 301),
        lambda: signed(BODY, at=time.time() + 301),
        lambda: signed(BODY).replace("v1=", "v0="),
        lambda: signed(BODY + b" "),
        lambda: "t=abc,v1=00",
    ],
)
def test_a_forged_or_stale_delivery_leaves_nothing(forge: Any) -> None:
    with CaptureQueriesContext(connection) as captured:
        status = deliver(signature=forge())

    assert (status, len(captured)) == (400, 0)
    assert not StripeWebhookEvent.objects.exists()


def test_any_of_several_signatures_will_do() -> None:
    good = signed(BODY)
    stamp, tail = good.split(",")

    assert deliver(signature=f"{stamp},v1={'0' * 64},{tail},v0=ff") == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b"{", b'"event"', json.dumps({"object": "event"}).encode()],
)
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    assert deliver(body) == 400
    assert not StripeWebhookEvent.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "evt_" + "x" * 252},
        {"id": ""},
        {"id": "evt_\x00"},
        {"type": "charge.\ud800"},
        {"account": "\udfff"},
        {"data": {"object": {"id": "ch_\ud83d"}}},
    ],
)
def test_an_event_whose_names_cannot_be_kept_is_refused(changes: dict[str, Any]) -> None:
    body = json.dumps({**json.loads(BODY), **changes}).encode()

    assert deliver(body) == 400
    assert not StripeWebhookEvent.objects.exists()


def test_the_longest_id_there_is_is_taken() -> None:
    longest = "evt_" + "x" * 251

    assert deliver(json.dumps({**json.loads(BODY), "id": longest}).encode()) == 200
    assert StripeWebhookEvent.objects.get().stripe_id == longest


def test_half_a_character_in_somebodys_name_is_filed() -> None:
    body = event_body("customer.created", {"id": "cus_1", "name": "Ada \ud83d"})

    assert deliver(body) == 200


def test_a_thin_event_is_refused_not_raised() -> None:
    thin = {"id": "evt_1", "object": "v2.core.event", "type": "x", "created": "2026-01-01"}

    assert deliver(json.dumps(thin).encode()) == 400


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_post(method: str) -> None:
    assert getattr(Client(), method)("/webhooks/stripe").status_code == 405


def test_a_body_over_one_mebibyte_is_refused() -> None:
    big = event_body("x", {"id": "a", "pad": "x" * BODY_BYTES_MAX})

    assert deliver(big) == 413


def test_a_body_of_one_mebibyte_is_taken() -> None:
    empty = event_body("x", {"id": "a", "pad": ""})
    full = event_body("x", {"id": "a", "pad": "x" * (BODY_BYTES_MAX - len(empty))})

    assert len(full) == BODY_BYTES_MAX
    assert deliver(full) == 200


def test_a_duplicate_resets_nothing() -> None:
    deliver()
    StripeWebhookEvent.objects.update(attempts=3)  # as if it had been worked on

    assert deliver() == 200
    assert [e.attempts for e in StripeWebhookEvent.objects.all()] == [3]
    assert not EventAlarm.objects.exists()


def repeats() -> list[tuple[str, int]]:
    return list(EventRepeat.objects.values_list("event__stripe_id", "times"))


def test_deliveries_of_a_known_event_are_counted() -> None:
    deliver()
    assert repeats() == []

    deliver()
    before = datetime.now(UTC)
    deliver()

    assert repeats() == [(StripeWebhookEvent.objects.get().stripe_id, 2)]
    assert EventRepeat.objects.get().last_at >= before


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_deliveries_at_once_are_one_event_and_all_counted() -> None:
    assert at_once(lambda _: deliver(), threads=12) == [200] * 12

    assert repeats() == [(StripeWebhookEvent.objects.get().stripe_id, 11)]


@contextmanager
def impatient_door(*, lock_ms: int) -> Iterator[None]:
    """Let this thread's connection wait for no lock longer than that."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {lock_ms}")
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()  # its connections would carry the time-out into other tests


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_counting_waits_for_nobody_who_works_on_the_event() -> None:
    deliver()
    worker = connections.create_connection("default")
    try:
        with worker.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM revenue_stripewebhookevent FOR UPDATE")
            with impatient_door(lock_ms=300):
                assert deliver() == 200
    finally:
        worker.close()

    assert [times for _, times in repeats()] == [1]


def test_other_bytes_of_the_same_fact_are_no_alarm() -> None:
    deliver()

    again = json.loads(BODY) | {"pending_webhooks": 0, "request": {"id": "req_1"}}
    assert deliver(json.dumps(again).encode()) == 200
    assert not EventAlarm.objects.exists()


def test_a_known_id_with_another_object_is_an_alarm_and_answered_200() -> None:
    deliver()

    other = json.loads(BODY)
    other["data"]["object"]["payment_status"] = "unpaid"
    body = json.dumps(other).encode()
    assert (deliver(body), deliver(body)) == (200, 200)

    assert [bytes(a.body) for a in EventAlarm.objects.all()] == [body]
    assert [a.kind for a in OperatorAlert.objects.all()] == ["event_differs"]
    assert bytes(StripeWebhookEvent.objects.get().body) == BODY


def test_another_rendering_version_is_no_alarm() -> None:
    deliver()

    other = json.loads(BODY) | {"api_version": "2099-01-01.future"}
    other["data"]["object"]["payment_status"] = "unpaid"
    assert deliver(json.dumps(other).encode()) == 200
    assert not EventAlarm.objects.exists()


def deliver_ahead_of_django(body: bytes = BODY) -> int:
    """What a door ahead of Django does with a delivery, in this thread."""
    delivery = verified(body=body, signature=signed(body))
    assert delivery is not None
    return status_of(file_together([delivery])[0])


def test_the_door_ahead_of_django_answers_the_same() -> None:
    assert deliver_ahead_of_django() == 200
    assert StripeWebhookEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_threads_that_end_leave_no_connection_behind() -> None:
    """A web server ends idle threads and starts new ones, all day long."""
    said: list[int] = []
    lent_max = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]

    for number in range(2 * lent_max):
        body = event_body("checkout.session.completed", {**SESSION, "id": f"cs_test_{number}"})
        thread = Thread(target=lambda body=body: said.append(deliver_ahead_of_django(body)))
        thread.start()
        thread.join()

    assert said == [200] * 2 * lent_max


def end_this_threads_backend() -> None:
    """Let Postgres end the connection that this thread's door keeps, as a restart does."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SET ROLE NONE")  # to end what the owner has logged in
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_costs_no_delivery() -> None:
    assert deliver_ahead_of_django() == 200
    end_this_threads_backend()

    bodies = [event_body("payout.paid", {"id": f"po_{number}"}) for number in range(2)]

    assert [deliver_ahead_of_django(body) for body in bodies] == [200] * 2
    assert StripeWebhookEvent.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_costs_no_repeat_either() -> None:
    deliver_ahead_of_django()
    end_this_threads_backend()

    assert deliver_ahead_of_django() == 200
    assert repeats() == [(StripeWebhookEvent.objects.get().stripe_id, 1)]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_filed_is_for_stripe_to_send_again() -> None:
    deliver_ahead_of_django()
    other = connections.create_connection("default")
    body = event_body("payout.paid", {"id": "po_1"})
    try:
        with other.cursor() as cursor, impatient_door(lock_ms=100):
            cursor.execute("SET ROLE NONE")  # as the owner of the table may
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE revenue_stripewebhookevent")
            assert deliver_ahead_of_django(body) == 503
    finally:
        other.close()

    assert deliver_ahead_of_django(body) == 200
    assert StripeWebhookEvent.objects.count() == 2


def test_livemode_from_a_stand_in_is_filed_but_never_live() -> None:
    deliver(event_body("checkout.session.completed", SESSION, livemode=True))

    assert [(e.livemode, e.mode) for e in StripeWebhookEvent.objects.all()] == [(True, "sandbox")]


@pytest.mark.parametrize(
    "broken",
    [
        "t={now}=zz,v1={good}",
        "t={now},t={now},v1={good}",
        "t= {now},v1={good}",
        "t={now}.0,v1={good}",
        "t=+{now},v1={good}",
        "t=-{now},v1={good}",
        "t=1_0,v1={good}",
        "t=\u0661\u0662,v1={good}",
        "t={many},v1={good}",
        "t=,v1={good}",
        "t,v1={good}",
        "T={now},v1={good}",
        "t={now},v1=",
        "t={now},v1",
        "t={now},v1={good}=",
        "t={now},v1={upper}",
        "t={now},v1=\u00e9{good}",
        "t={now},v1=\u00ff",
        "t={now}\x00,v1={good}",
        "v1={good}",
        ",,,,",
        "=" * 5_000,
        "t={now}," + "v1=\u00e9," * 2_000,
    ],
    ids=lambda each: each[:24],
)
@pytest.mark.parametrize("is_signed_so", [True, False])
def test_a_header_of_any_other_shape_is_a_plain_400(broken: str, is_signed_so: bool) -> None:
    now, many = str(int(time.time())), "9" * 4_000
    good = signed(BODY).partition(",v1=")[2]
    header = broken.format(now=now, good=good, upper=good.upper(), many=many)
    if is_signed_so:  # by whoever has the secret, as the header itself says
        said = header.split("t=", 1)[-1].split(",")[0].split("=")[0]
        mac = hmac.new(SECRET.encode(), f"{said}.".encode() + BODY, hashlib.sha256).hexdigest()
        header = header.replace(good, mac)
    sent = header.encode().decode("latin-1")  # as WSGI hands over the bytes of a header

    with CaptureQueriesContext(connection) as captured:
        delivery = verified(body=BODY, signature=sent)

    assert (delivery, len(captured)) == (None, 0)

"""Webhooks: signed, retried, counted, sent again, and not lost when the process dies."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from tests.sandbox.running_sandbox import SECRET, RunningSandbox, WebhookReceiver


def product_events(receiver: WebhookReceiver, product_id: str):
    return [each for each in receiver.received if product_id in each.body]


def test_every_delivery_is_signed_over_its_bytes(
    sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    product = sandbox.client().products.create({"name": "Signed"})
    sandbox.quiet()

    (delivery,) = product_events(receiver, product.id)

    assert stripe.WebhookSignature.verify_header(
        delivery.body, delivery.signature, SECRET, tolerance=300
    )
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(
            delivery.body + " ", delivery.signature, SECRET, tolerance=300
        )


def test_an_event_says_version_mode_and_request(
    sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    product = sandbox.client().products.create({"name": "x"}, {"idempotency_key": "event-key"})
    sandbox.quiet()

    (event,) = receiver.about(product.id)

    assert (event["api_version"], event["livemode"]) == ("2026-10-28.endive", False)
    assert event["request"]["id"].startswith("req_")
    assert event["request"]["idempotency_key"] == "event-key"
    assert event["pending_webhooks"] == 1
    assert "account" not in event


@pytest.mark.parametrize("status", [500, 404, 302])
def test_anything_but_a_2xx_is_tried_again(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1, status
) -> None:
    answers, name = iter([status, status, 200]), f"Stubborn about {status}"
    receiver.answer = lambda event: (
        next(answers) if event["data"]["object"].get("name") == name else 200
    )
    product = stripe_v1.products.create({"name": name})

    sandbox.quiet()

    deliveries = product_events(receiver, product.id)
    assert len(deliveries) == 3
    assert {each.event["id"] for each in deliveries} == {deliveries[0].event["id"]}
    assert stripe_v1.events.retrieve(deliveries[0].event["id"]).pending_webhooks == 0


def test_each_attempt_is_signed_at_its_own_time(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    product = stripe_v1.products.create({"name": "Sent twice"})
    sandbox.quiet()
    time.sleep(1.1)

    sandbox.control("resend", event=receiver.about(product.id)[0]["id"])

    sandbox.quiet()
    first, second = product_events(receiver, product.id)
    assert first.signature.split(",")[0] < second.signature.split(",")[0]
    assert stripe.WebhookSignature.verify_header(second.body, second.signature, SECRET)


def test_after_enough_attempts_it_gives_up_and_says_so(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    receiver.answer = lambda _: 500
    product = stripe_v1.products.create({"name": "Deaf"})
    sandbox.quiet()
    receiver.answer = lambda _: 200

    undelivered = stripe_v1.events.list({"delivery_success": False, "limit": 100}).data

    event = next(each for each in undelivered if each.data.object["id"] == product.id)
    tries = product_events(receiver, product.id)
    assert len(tries) == 4
    for at, pause_s in enumerate((0.05, 0.1, 0.2)):
        assert tries[at + 1].at_s - tries[at].at_s >= pause_s
    assert event.pending_webhooks == 1
    delivered = stripe_v1.events.list({"delivery_success": True, "limit": 100}).data
    assert event.id not in [each.id for each in delivered]

    sandbox.control("resend", event=event.id)
    sandbox.quiet()
    assert len(product_events(receiver, product.id)) == 5
    assert stripe_v1.events.retrieve(event.id).pending_webhooks == 0
    undelivered = stripe_v1.events.list({"delivery_success": False, "limit": 100}).data
    assert event.id not in [each.id for each in undelivered]


def test_events_are_listed_by_type_and_time(sandbox: RunningSandbox, stripe_v1) -> None:
    start = int(time.time())
    product = stripe_v1.products.create({"name": "Listed"})

    def ids(**asked):
        found = stripe_v1.events.list({"limit": 100, **asked}).data
        return [each.data.object["id"] for each in found]

    assert product.id in ids(type="product.created", created={"gte": start})
    assert product.id in ids(types=["product.created", "price.created"])
    assert product.id not in ids(type="price.*")
    assert ids(created={"lt": start - 3_600}) == []


@pytest.fixture
def second_sink() -> Iterator[WebhookReceiver]:
    second = WebhookReceiver(secret="whsec_second")
    second.start()
    yield second
    second.stop()


def test_two_endpoints_hear_what_they_asked_for(
    sandbox: RunningSandbox, receiver: WebhookReceiver, second_sink: WebhookReceiver, stripe_v1
) -> None:
    made = stripe_v1.webhook_endpoints.create(
        {
            "url": f"http://127.0.0.1:{second_sink.port}/hook",
            "enabled_events": ["price.*"],
            "api_version": "2026-10-28.endive",
        }
    )
    product = stripe_v1.products.create({"name": "x"})
    price = stripe_v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1})
    sandbox.quiet()

    (delivery,) = second_sink.received
    assert delivery.event["type"] == "price.created"
    assert stripe.WebhookSignature.verify_header(delivery.body, delivery.signature, made.secret)
    assert receiver.types_about(price.id) == ["price.created"]
    seen = stripe_v1.webhook_endpoints.retrieve(made.id)
    assert (seen.api_version, seen.enabled_events) == ("2026-10-28.endive", ["price.*"])
    assert "secret" not in seen.to_dict()
    off = stripe_v1.webhook_endpoints.update(made.id, {"disabled": True})
    assert off.status == "disabled"
    assert len(stripe_v1.webhook_endpoints.list().data) == 2
    assert stripe_v1.webhook_endpoints.delete(made.id).deleted is True


def test_any_event_can_be_sent_for_a_test(
    sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    sandbox.control(
        "emit",
        id="evt_odd",
        type="unicorn.sighted",
        object={"id": "uni_1", "object": "unicorn"},
        api_version="2020-08-27",
        livemode=True,
        account="acct_other",
    )
    sandbox.quiet()

    (event,) = receiver.about("uni_1")
    assert event["type"] == "unicorn.sighted"
    assert (event["api_version"], event["livemode"]) == ("2020-08-27", True)
    assert event["account"] == "acct_other"

    sandbox.control("emit", id="evt_odd", type="unicorn.sighted", object={"id": "uni_2"})
    sandbox.quiet()
    assert [each["id"] for each in receiver.about("uni_2")] == ["evt_odd"]


def test_deliveries_can_be_looked_at(sandbox: RunningSandbox, stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "Watched"})
    sandbox.quiet()

    events = sandbox.ask("events", type="product.created", limit=20)["data"]

    event = next(each for each in events if each["data"]["object"]["id"] == product.id)
    (delivery,) = event["deliveries"]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert [each["status"] for each in delivery["tries"]] == [200]


def test_what_was_not_delivered_survives_a_kill(tmp_path: Path, eventually) -> None:
    receiver = WebhookReceiver()  # Not listening yet.
    running = RunningSandbox(
        tmp_path,
        webhook_url=f"http://127.0.0.1:{receiver.port}/hook",
        SANDBOX_WEBHOOK_BACKOFF_S="0.3",
        SANDBOX_WEBHOOK_ATTEMPTS="30",
    )
    running.start()
    session = running.open_session(key="before-the-kill")
    running.pay(session.id, "4000000000002222", wait_s=0)
    running.stop(signal.SIGKILL)

    receiver.start()
    running.start()

    try:
        eventually(
            lambda: "checkout.session.async_payment_succeeded" in receiver.types_about(session.id),
            within_s=60,
        )
        assert "checkout.session.completed" in receiver.types_about(session.id)
        assert running.open_session(key="before-the-kill").id == session.id
        paid = running.client().checkout.sessions.retrieve(session.id)
        assert (paid.status, paid.payment_status) == ("complete", "paid")
    finally:
        assert running.stop() == 0
        receiver.stop()


def test_while_a_secret_is_rolled_both_sign(
    sandbox: RunningSandbox, second_sink: WebhookReceiver, stripe_v1, eventually
) -> None:
    endpoint = sandbox.control(
        "endpoints",
        url=f"http://127.0.0.1:{second_sink.port}/hook",
        secret="whsec_new,whsec_old",
        enabled_events=["product.created"],
    )

    stripe_v1.products.create({"name": "x"})

    (delivery,) = eventually(lambda: second_sink.received)
    stripe_v1.webhook_endpoints.delete(endpoint["id"])
    for secret in ("whsec_new", "whsec_old"):
        assert stripe.WebhookSignature.verify_header(delivery.body, delivery.signature, secret)


def test_bodies_look_like_stripes(sandbox: RunningSandbox, receiver: WebhookReceiver) -> None:
    session = sandbox.open_session()
    sandbox.pay(session.id)
    sandbox.quiet()

    completed = next(
        each for each in receiver.received
        if each.event["type"] == "checkout.session.completed" and session.id in each.body
    )  # fmt: skip

    assert 2_500 < len(completed.body) < 6_000
    assert json.loads(completed.body)["data"]["object"]["payment_status"] == "paid"

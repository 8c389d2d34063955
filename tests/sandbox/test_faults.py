"""Misbehaviour on demand."""

import threading
import time
from pathlib import Path

import pytest
import stripe

from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver


def test_a_rate_limit_before_the_work_does_nothing(sandbox: RunningSandbox, stripe_v1) -> None:
    sandbox.control("faults", effect="status", status=429, method="POST", path="/v1/products")

    with pytest.raises(stripe.RateLimitError):
        stripe_v1.products.create({"name": "Limited"})

    assert "Limited" not in [each.name for each in stripe_v1.products.list().data]


def test_an_error_after_the_work_hides_that_it_was_done(sandbox: RunningSandbox, stripe_v1) -> None:
    sandbox.control(
        "faults", effect="status", status=500, when="after", path="/v1/products", count=1
    )

    with pytest.raises(stripe.APIError):
        stripe_v1.products.create({"name": "Done all the same"}, {"idempotency_key": "after-1"})

    found = [each.name for each in stripe_v1.products.list().data]
    assert found.count("Done all the same") == 1


def test_a_dropped_line_is_a_connection_error_and_no_effect(
    sandbox: RunningSandbox, stripe_v1
) -> None:
    sandbox.control("faults", effect="drop", method="POST", path="/v1/products", count=1)

    with pytest.raises(stripe.APIConnectionError):
        stripe_v1.products.create({"name": "Dropped"})

    assert "Dropped" not in [each.name for each in stripe_v1.products.list().data]


def test_a_time_out_after_success_leaves_the_outcome_unknown(sandbox: RunningSandbox) -> None:
    sandbox.control("faults", effect="timeout_after_success", path="/v1/checkout/sessions", count=1)
    hasty, patient = sandbox.client(timeout_s=1.2), sandbox.client()
    asked = {
        "mode": "payment",
        "success_url": "http://localhost/",
        "client_reference_id": f"chk_{time.time()}",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 100,
                    "product_data": {"name": "x"},
                },
            }
        ],
    }

    with pytest.raises(stripe.APIConnectionError):
        hasty.checkout.sessions.create(asked, {"idempotency_key": "unknown-1"})

    made = patient.checkout.sessions.create(asked, {"idempotency_key": "unknown-1"})
    same = [
        each.id
        for each in patient.checkout.sessions.list({"limit": 100}).data
        if each.client_reference_id == asked["client_reference_id"]
    ]
    assert same == [made.id]


def test_a_delay_delays(sandbox: RunningSandbox, stripe_v1) -> None:
    sandbox.control("faults", effect="delay", delay_ms=250, path="/v1/balance", count=1)
    start_s = time.monotonic()

    stripe_v1.balance.retrieve()

    assert time.monotonic() - start_s >= 0.25


def test_a_cut_line_leaves_the_store_locked(tmp_path: Path) -> None:
    """POSIX takes a process's locks on a file away with the first descriptor that it closes."""
    running = RunningSandbox(tmp_path)
    running.start()
    try:
        held = locks_of(running._process.pid)
        running.control("faults", effect="drop", path="/v1/balance", count=1)

        with pytest.raises(stripe.APIConnectionError):
            running.client().balance.retrieve()

        assert locks_of(running._process.pid) == held != set()
    finally:
        running.stop()


def locks_of(pid: int) -> set[str]:
    """Return what a process has locked, as the kernel says: kind, mode, file and range."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return {" ".join(line[1:4] + line[5:]) for line in lines if line[4] == str(pid)}


def test_a_rule_bites_as_often_as_it_was_told(sandbox: RunningSandbox, stripe_v1) -> None:
    made = sandbox.control("faults", effect="status", status=503, path="/v1/balance", count=2)

    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(stripe_v1.balance.retrieve().object)
        except stripe.APIError as error:
            outcomes.append(error.http_status)

    assert outcomes == [503, 503, "balance"]
    (rule,) = sandbox.ask("faults")["data"]
    assert (rule["id"], rule["used"]) == (made["id"], 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(402, stripe.CardError), (409, stripe.APIError), (429, stripe.RateLimitError)],
)
def test_errors_have_the_shape_the_sdk_expects(
    sandbox: RunningSandbox, stripe_v1, status, kind
) -> None:
    sandbox.control("faults", effect="status", status=status, path="/v1/balance", count=1)

    with pytest.raises(kind) as refusal:
        stripe_v1.balance.retrieve()

    assert refusal.value.http_status == status


def test_it_stops_at_once_even_with_answers_outstanding(tmp_path: Path, eventually) -> None:
    running = RunningSandbox(tmp_path)
    running.start()
    running.control("faults", effect="timeout_after_success", path="/v1/balance", hang_ms=60_000)
    waiting = threading.Thread(target=_ask_in_vain, args=(running,))
    waiting.start()
    eventually(lambda: running.ask("faults")["data"][0]["used"] == 1)
    start_s = time.monotonic()

    assert running.stop() == 0

    assert time.monotonic() - start_s < 10
    waiting.join()


def _ask_in_vain(running: RunningSandbox) -> None:
    with pytest.raises(stripe.APIConnectionError):
        running.client(timeout_s=40).balance.retrieve()


def test_the_same_seed_gives_the_same_bad_luck(sandbox: RunningSandbox, stripe_v1) -> None:
    def luck() -> list[bool]:
        sandbox.clear_faults()
        sandbox.control(
            "faults", effect="status", status=503, path="/v1/balance", probability=0.5, seed=7
        )
        seen = []
        for _ in range(12):
            try:
                stripe_v1.balance.retrieve()
                seen.append(True)
            except stripe.APIError:
                seen.append(False)
        return seen

    first = luck()

    assert luck() == first
    assert set(first) == {True, False}


def test_a_dropped_webhook_never_comes(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    sandbox.control("faults", target="webhook", type="product.*", effect="drop", count=1)
    product = stripe_v1.products.create({"name": "Unheard"})
    sandbox.quiet()

    undelivered = stripe_v1.events.list({"delivery_success": False, "limit": 100}).data

    assert receiver.about(product.id) == []
    assert product.id in [each.data.object["id"] for each in undelivered]


def test_a_failed_webhook_comes_later(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    sandbox.control("faults", target="webhook", type="product.created", effect="fail", count=2)

    product = stripe_v1.products.create({"name": "Late"})

    sandbox.quiet()
    assert receiver.types_about(product.id) == ["product.created"]


def test_a_duplicated_webhook_comes_several_times(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    sandbox.control(
        "faults", target="webhook", type="product.created", effect="duplicate", times=3, count=1
    )

    product = stripe_v1.products.create({"name": "Loud"})

    sandbox.quiet()
    assert len({each["id"] for each in receiver.about(product.id)}) == 1
    assert len(receiver.about(product.id)) == 3


def test_reordered_webhooks_overtake_each_other(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    sandbox.control(
        "faults", target="webhook", type="product.created", effect="reorder", seed=3, delay_ms=300
    )
    made = [stripe_v1.products.create({"name": f"Car {n}"}).id for n in range(6)]
    sandbox.quiet()

    came = [each.event["data"]["object"]["id"] for each in receiver.received]

    arrival = [product_id for product_id in came if product_id in made]
    assert sorted(arrival) == sorted(made)
    assert arrival != made


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"effect": "explode"}, "effect"),
        ({"effect": "delay", "delay_ms": 1, "colour": 1}, "unknown: colour"),
        ({"effect": "status"}, "status"),
        ({"effect": "status", "status": 429, "when": "after"}, "5xx"),
        ({"effect": "delay", "delay_ms": -1}, "delay_ms"),
        ({"effect": "delay"}, "delay_ms of at least 1"),
        ({"effect": "delay", "delay_ms": 0}, "delay_ms of at least 1"),
        ({"target": "moon", "effect": "delay"}, "target"),
        ({"effect": "delay", "delay_ms": 1, "probability": 2}, "probability"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(sandbox: RunningSandbox, rule, words) -> None:
    answer = sandbox.try_control("faults", **rule)

    assert answer.status_code == 400
    assert words in answer.json()["error"]

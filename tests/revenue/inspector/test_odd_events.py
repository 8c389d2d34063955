"""What the webhook lets in, every page, mail and command can show, replay, close and erase."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.addresses import ForeignId
from kernel.documents import parsed
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from notices.operations import raise_alert
from notices.queries.alert_lines import alert_line
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.adapters.stripe_signature import read_notice
from revenue.enums import AlertKind, EventState, Outcome
from revenue.models import StripeWebhookEvent
from revenue.ports import BodyRejected
from revenue.usecases.accept_webhook import accept_webhook
from revenue.usecases.empty_bodies import empty_old_bodies
from revenue.usecases.replay_event import dry_run
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    event_body,
    filed,
    refund_object,
    session_object,
)
from tests.revenue.conftest import SECRET, Clock
from tests.revenue.test_webhook_door import signed

pytestmark = pytest.mark.django_db
Process = Callable[[], list[StripeWebhookEvent]]
COMPLETED = "checkout.session.completed"
ODD_IDS = [
    "evt_a/b",
    "evt_/replay/",
    "..",
    ".",
    "/",
    "//example.org",
    "evt?x=1#y",
    "evt 1",
    "evt%2Fb",
    "~evt",
    "évt_✓",
    "evt\nb",
    "<b>evt</b>",
    "{{ evt }}",
    "evt_" + "x" * 251,
    "evt_" + "/" * 251,
]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255))
def test_an_id_has_one_address_and_comes_back_from_it(value: str) -> None:
    segment = ForeignId().to_url(value)

    assert ForeignId().to_python(segment) == value
    assert set(segment) <= set("~-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize("segment", ["~", "~A", "~ZXZ0", "~____", "~ZXZ0_2E"])
def test_an_address_that_no_id_has_is_nobodys(operator: Client, segment: str) -> None:
    assert operator.get(f"/console/events/{segment}/").status_code == 404


@pytest.mark.parametrize("stripe_id", ODD_IDS)
def test_an_event_of_any_id_is_listed_shown_tried_replayed_and_closed(
    operator: Client, auditor: Client, process: Process, stripe_id: str
) -> None:
    body = event_body(COMPLETED, {"id": "cs_test_1"}, id=stripe_id)
    accept_webhook(
        body=body,
        signature=signed(body, secret=SECRET, at=NOON.timestamp()),
        gateway=_gateway(),
        is_stripe_itself=False,
        now=NOON,
    )
    (event,) = process()
    assert event.state == EventState.DEAD
    page = reverse("event", args=[stripe_id])

    for client in (operator, auditor):
        assert f'href="{page}"' in client.get("/console/events/").content.decode()
        assert client.get(page).status_code == 200
    for address in ("/console/", "/console/alerts/", "/console/ledger/"):
        assert operator.get(address).status_code == 200, address
    assert operator.post(f"{page}dry-run/").status_code == 200
    assert operator.post(f"{page}replay/").headers["Location"] == page
    assert operator.post(f"{page}close/", {"reason": "Tried out."}).headers["Location"] == page
    event.refresh_from_db()
    assert event.state == EventState.CLOSED
    audited = LedgerEntry.objects.filter(event__startswith="event.").values_list("event", flat=True)
    assert sorted(audited) == ["event.closed", "event.replayed"]
    assert operator.get("/console/ledger/").status_code == 200
    assert alert_line(OperatorAlert.objects.get())["address"].endswith(page)


def _gateway() -> StripeGateway:
    return StripeGateway(
        api_key="sk_sandbox_test",
        api_base="http://127.0.0.1:9",
        webhook_secrets=[SECRET],
        timeout_s=0.5,
        retries=0,
    )


def nested(depth: int) -> bytes:
    """An event with objects in objects: its own object is two levels deep."""
    inner = json.loads('{"a":' * (depth - 2) + "1" + "}" * (depth - 2))
    return event_body("customer.created", {"id": "cus_1", "object": "customer"} | inner)


def row_of(body: bytes) -> StripeWebhookEvent:
    """A row as an earlier version of the door filed it."""
    return StripeWebhookEvent.objects.create(
        stripe_id="evt_deep", type="customer.created", livemode=False, mode="sandbox",
        api_version="2026-10-28.endive", body=body, body_sha256=hashlib.sha256(body).hexdigest(),
        next_attempt_at=NOON, stripe_created_at=NOON, received_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_a_body_is_read_in_the_one_coding_that_json_travels_in(coding: str) -> None:
    # In another, the letter's bytes end a text for whoever counts levels, and hide what follows.
    deep = json.dumps("\u2200", ensure_ascii=False) + "," + "[" * 150 + "]" * 150
    body = f'{{"object":"event","data":{{"object":{{}}}},"a":[{deep}]}}'.encode(coding)

    with pytest.raises(BodyRejected):
        read_notice(body)
    with pytest.raises(ValueError):
        parsed(body)


@pytest.mark.parametrize("depth", [20, 100, 101, 490, 900, 40_000])
def test_a_page_shows_whatever_depth_an_event_has(
    operator: Client, process: Process, depth: int
) -> None:
    deep = b'{"object":"event","data":{"object":' + b'{"a":' * depth + b"1" + b"}" * (depth + 2)
    event = row_of(deep)
    process()

    assert operator.get(f"/console/events/{event.stripe_id}/").status_code == 200
    assert operator.post(f"/console/events/{event.stripe_id}/dry-run/").status_code == 200


def test_an_old_body_that_is_too_deep_is_emptied_like_any_other(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = row_of(b'{"a":' * 900 + b"1" + b"}" * 900)
    clock.forward(days=91)

    kept = timedelta(days=90)
    assert empty_old_bodies(gateway=deaf_gateway, kept=kept, now=clock()) == 1

    event.refresh_from_db()
    assert (event.body, len(event.fact_sha256)) == (None, 64)


@pytest.mark.parametrize(("depth", "is_in"), [(20, True), (99, True), (102, False), (490, False)])
def test_the_door_takes_no_event_that_could_not_be_read_later(depth: int, is_in: bool) -> None:
    body = nested(depth)
    answer = Client().post(
        "/webhooks/stripe",
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body)},
    )

    assert answer.status_code == (200 if is_in else 400)
    assert StripeWebhookEvent.objects.exists() == is_in


def test_brackets_in_words_are_no_depth() -> None:
    body = event_body("customer.created", {"id": "cus_1", "name": '[{"' * 500})
    answer = Client().post(
        "/webhooks/stripe",
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body)},
    )

    assert answer.status_code == 200


TIMES = [10**20, -1, 10**400, 1.5, True, "soon", [], 253_402_300_800]


@pytest.mark.parametrize("created", TIMES, ids=lambda each: str(each)[:20])
def test_a_time_that_never_was_is_said_in_a_dry_run_and_by_a_replay_of_many(
    deaf_gateway: StripeGateway, clock: Clock, process: Process, created: object
) -> None:
    late = filed(COMPLETED, session_object(CheckoutFactory(), created=created))
    after = filed(COMPLETED, session_object(CheckoutFactory()))

    tried = dry_run(late.stripe_id, gateway=deaf_gateway, clock=clock)
    out = StringIO()
    with pytest.raises(CommandError, match="could not be recorded"):
        call_command("replay_webhooks", "--state", "any", stdout=out)

    assert (tried.outcome, "created: " in tried.problem) == (Outcome.NEEDS_OPERATOR, True)
    assert f"{after.stripe_id} {COMPLETED}: {Outcome.RECORDED.label}" in out.getvalue()
    assert f"{late.stripe_id} {COMPLETED}: {Outcome.NEEDS_OPERATOR.label}" in out.getvalue()
    late.refresh_from_db()
    assert (late.state, late.attempts) == (EventState.DEAD, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
BUILT = CheckoutFactory.build(pk=1)
NAMES = sorted({*session_object(BUILT), *refund_object(BUILT)})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([COMPLETED, "refund.updated"]),
    changes=st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=3),
)
def test_whatever_stripe_writes_is_recorded_or_parked_at_once_and_shown(
    operator: Client, deaf_gateway: StripeGateway, clock: Clock, process: Process,
    kind: str, changes: dict[str, object],
) -> None:  # fmt: skip
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    process()
    payload = session_object(CheckoutFactory()) if kind == COMPLETED else refund_object(checkout)
    body = event_body(kind, payload | changes, id=f"evt_{checkout.pk}")
    accepted = Client().post(
        "/webhooks/stripe",
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body)},
    )
    if accepted.status_code == 400:
        return
    event = StripeWebhookEvent.objects.get(stripe_id=f"evt_{checkout.pk}")
    StripeWebhookEvent.objects.filter(pk=event.pk).update(next_attempt_at=NOON)

    dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    process()

    event.refresh_from_db()
    assert event.state in {EventState.PROCESSED, EventState.IGNORED, EventState.DEAD,
                           EventState.WAITING}, event.error_class  # fmt: skip
    assert event.state != EventState.DEAD or event.error, event.error_class
    assert operator.get(f"/console/events/{event.stripe_id}/").status_code == 200
    assert operator.get("/console/orders/").status_code == 200


def test_an_alert_about_an_odd_event_is_mailed_with_its_page() -> None:
    raise_alert(kind=AlertKind.EVENT_DEAD, item="a/b", subject="a/b", mode="sandbox", now=NOON)

    assert alert_line(OperatorAlert.objects.get())["address"].endswith("/console/events/~YS9i/")


@pytest.mark.parametrize("path", ["/console/trace/", "/console/search/"])
@pytest.mark.parametrize(
    "asked", ["trc_a/b", "trc_..", "evt_a/b", "con_a/b", "ord_\0", "evt_\0", "é"]
)
def test_whatever_somebody_looks_for_is_found_or_not(
    operator: Client, path: str, asked: str
) -> None:
    answer = operator.get(path, {"ref": asked, "q": asked}, follow=True)

    assert answer.status_code in {200, 400, 404}

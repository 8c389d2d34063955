"""A payment link whose making or switching off Stripe did not confirm: asked until it says."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from crm.models import Activity, Deal
from kernel import due_work
from ledger.models import LedgerEntry
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import PaymentLinkState
from revenue.exchanges.payment_links import sweep_payment_links
from revenue.exchanges.prices import ensure_price
from revenue.models import Offer, PaymentLink
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import RecordingContext
from revenue.ports import GatewayError, OpenedLink
from revenue.usecases.deactivate_payment_link import deactivate_payment_link
from revenue.usecases.make_payment_link import make_payment_link
from tests.factories.people import client_of
from tests.outside import gateway_to, lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
LINKS = "/v1/payment_links"
Make = Callable[..., PaymentLink]


@pytest.fixture
def make(offer: Offer, deal: Deal, seller: User, gateway: StripeGateway, now: datetime) -> Make:
    ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    form_key = secrets.token_hex(16)

    def call(*, by: StripeGateway = gateway, at: datetime = now) -> PaymentLink:
        return make_payment_link(
            offer=offer,
            deal_ref=deal.reference,
            form_key=form_key,
            actor_id=seller.pk,
            gateway=by,
            now=at,
        )

    return call


@pytest.fixture
def lost(make: Make, outside: RunningSandbox) -> PaymentLink:
    """A link that Stripe made, and we never heard of it."""
    lose_next_answer(outside, LINKS)
    link = make()
    outside.clear_faults()
    assert link.state == PaymentLinkState.UNKNOWN
    return link


def sweep(link: PaymentLink, gateway: StripeGateway, at: datetime) -> PaymentLink:
    sweep_payment_links(gateway=gateway, clock=lambda: at)
    link.refresh_from_db()
    return link


def is_on(outside: RunningSandbox, link: PaymentLink) -> bool:
    return bool(outside.client().payment_links.retrieve(str(link.stripe_id)).active)


def rolled(outside: RunningSandbox) -> StripeGateway:
    return gateway_to(outside.base, key="sk_sandbox_rolled")


@pytest.mark.parametrize("after_h", [1, 25], ids=["repeated", "looked for"])
def test_a_call_that_is_turned_away_says_nothing_of_the_one_before(
    lost: PaymentLink,
    outside: RunningSandbox,
    gateway: StripeGateway,
    now: datetime,
    after_h: int,
) -> None:
    sweep(lost, rolled(outside), now + timedelta(hours=after_h))
    assert (lost.state, lost.next_check_at is None) == (PaymentLinkState.UNKNOWN, False)

    assert sweep(lost, gateway, now + timedelta(hours=30)).state == PaymentLinkState.ACTIVE


def test_pressing_again_with_a_key_that_is_turned_away_leaves_it_unknown(
    lost: PaymentLink, make: Make, outside: RunningSandbox, now: datetime
) -> None:
    again = make(by=rolled(outside), at=now + timedelta(seconds=3))

    assert (again.pk, again.state) == (lost.pk, PaymentLinkState.UNKNOWN)


def test_pressing_again_at_the_very_same_moment_is_not_the_first_press(
    lost: PaymentLink, make: Make, outside: RunningSandbox, now: datetime
) -> None:
    again = make(by=rolled(outside), at=now)

    assert (again.pk, again.state) == (lost.pk, PaymentLinkState.UNKNOWN)


def test_the_first_press_with_a_key_that_is_turned_away_made_nothing(
    make: Make, outside: RunningSandbox
) -> None:
    assert make(by=rolled(outside)).state == PaymentLinkState.FAILED


def test_after_a_server_error_pressing_again_does_not_repeat_the_call(
    make: Make, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    outside.control(
        "faults", path=LINKS, method="POST", effect="status", status=500, when="after", count=1
    )
    make()
    outside.control("faults", path=LINKS, method="POST", effect="drop", count=1)

    again = make(at=now + timedelta(seconds=3))

    assert (again.state, again.last_error) == (PaymentLinkState.UNKNOWN, "http_500")
    assert sweep(again, gateway, now + timedelta(minutes=1)).state == PaymentLinkState.ACTIVE


def unanswered(now: datetime) -> dict[str, float]:
    """Return what Stripe has owed an answer about for too long."""
    kinds = due_work.known()
    return {kind: s for kind, s in due_work.late(now).items() if kinds[kind].vendor}


def test_a_link_of_unknown_outcome_is_named_after_an_hour(
    lost: PaymentLink, gateway: StripeGateway, now: datetime
) -> None:
    later = now + timedelta(minutes=61)
    assert unanswered(now + timedelta(minutes=59)) == {}
    assert unanswered(later) == {"revenue.payment_link_answers": 3_660.0}

    sweep(lost, gateway, later)

    assert unanswered(later) == {}


@pytest.fixture
def link(make: Make) -> PaymentLink:
    """A link that is on, here and at Stripe."""
    return make()


def switch_off(link: PaymentLink, seller: User, gateway: StripeGateway, at: datetime) -> None:
    deactivate_payment_link(link.reference, actor_id=seller.pk, gateway=gateway, now=at)


FAULTS = [{"effect": "drop"}, {"effect": "status", "status": 500}, {"effect": "lost"}]


@pytest.mark.parametrize("fault", FAULTS, ids=["cut", "server error", "lost answer"])
def test_with_no_answer_the_sweep_goes_on_until_it_is_off(
    link: PaymentLink, seller: User, deal: Deal, outside: RunningSandbox, gateway: StripeGateway,
    now: datetime, fault: dict[str, object],
) -> None:  # fmt: skip
    path = f"{LINKS}/{link.stripe_id}"
    if fault["effect"] == "lost":
        lose_next_answer(outside, path)
    else:
        outside.control("faults", path=path, method="POST", count=2, **fault)
    with pytest.raises(GatewayError):
        switch_off(link, seller, gateway, now)
    link.refresh_from_db()
    assert (link.state, link.off_asked_at, link.off_asked_by) == ("active", now, seller)

    sweep(link, gateway, now + timedelta(minutes=1))
    sweep(link, gateway, now + timedelta(minutes=30))

    assert (link.state, link.next_check_at) == (PaymentLinkState.DEACTIVATED, None)
    assert not is_on(outside, link)
    entry = LedgerEntry.objects.get(event="payment_link.off_asked")
    assert (entry.subject, entry.facts["actor"]) == (link.reference, f"user:{seller.pk}")
    assert Activity.objects.get(deal=deal, kind="link_deactivated").actor_id == seller.pk


def test_a_call_that_is_turned_away_is_repeated_with_the_next_key(
    link: PaymentLink, seller: User, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    with pytest.raises(GatewayError):
        switch_off(link, seller, rolled(outside), now)
    sweep(link, rolled(outside), now + timedelta(minutes=1))
    assert unanswered(now + timedelta(hours=2)) == {"revenue.payment_link_answers": 7_200.0}

    assert sweep(link, gateway, now + timedelta(hours=2)).state == PaymentLinkState.DEACTIVATED


def test_each_call_carries_a_key_of_its_row(
    link: PaymentLink, seller: User, outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    switch_off(link, seller, gateway, now)

    event = outside.ask("events", limit=1)["data"][0]
    assert event["type"] == "payment_link.updated"
    assert event["request"]["idempotency_key"] == f"{link.reference}:off:1"


def test_a_payment_that_comes_before_the_link_is_off_ends_the_asking(
    link: PaymentLink, seller: User, outside: RunningSandbox, gateway: StripeGateway,
    deaf_gateway: StripeGateway, now: datetime,
) -> None:  # fmt: skip
    with pytest.raises(GatewayError):
        switch_off(link, seller, deaf_gateway, now)
    session = outside.control("visit", payment_link=link.url)
    outside.pay(session["id"], wait_s=0)
    context = RecordingContext(mode="sandbox", source="sweep", now=now, occurred_at=now)
    record(context, gateway.read_session(session["id"]))
    link.refresh_from_db()

    assert (link.state, link.next_check_at) == (PaymentLinkState.USED, None)
    assert sweep_payment_links(gateway=deaf_gateway, clock=lambda: now + timedelta(days=1)) == 0
    assert due_work.waits(now + timedelta(days=1))["revenue.payment_links"] == 0.0


def test_its_page_says_that_nobody_knows_yet(
    link: PaymentLink, seller: User, deaf_gateway: StripeGateway, now: datetime
) -> None:
    with pytest.raises(GatewayError):
        switch_off(link, seller, deaf_gateway, now)

    page = client_of(seller).get(f"/console/payment-links/{link.reference}/").content.decode()

    assert "Stripe has not said that it is." in page
    assert "Deactivate link" in page


def test_a_link_that_stripe_says_is_still_on_is_asked_for_later_under_the_next_key(
    link: PaymentLink, gateway: StripeGateway, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    PaymentLink.objects.update(off_asked_at=now, off_asked_by=link.created_by, next_check_at=now)
    keys = []

    def still_on(link_id: str, *, key: str) -> OpenedLink:
        keys.append(key)
        return OpenedLink(link_id=link_id, url=link.url, is_active=True)

    monkeypatch.setattr(gateway, "deactivate_payment_link", still_on)

    for minutes in (0, 0, 1):
        sweep(link, gateway, now + timedelta(minutes=minutes))

    assert keys == [f"{link.reference}:off:1", f"{link.reference}:off:2"]
    assert (link.state, link.leased_until) == (PaymentLinkState.ACTIVE, None)

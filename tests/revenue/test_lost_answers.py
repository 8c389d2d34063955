"""What became of a checkout when Stripe's answer was lost: only Stripe's own record says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from console.alert_kinds import SWEEP_LAG
from console.usecases.check_lag import check_lag
from kernel.references import new_reference
from notices.models import OperatorAlert
from notices.queries.alert_lines import alert_line
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, CheckoutState
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.exchanges.prices import ensure_price
from revenue.models import CheckoutSession, Offer
from revenue.ports import GatewayUnknown, SessionFact
from revenue.usecases.open_checkout import buy
from tests.factories.revenue import CheckoutFactory, OfferFactory
from tests.outside import _outside, gateway, gateway_to, lose_next_answer, outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside"]

SESSIONS = "/v1/checkout/sessions"

pytestmark = pytest.mark.django_db
Press = Callable[..., CheckoutSession]


@pytest.fixture
def at() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def offer(gateway: StripeGateway, at: datetime) -> Offer:
    """An offer whose price Stripe has."""
    made = OfferFactory()
    ensure_price(offer=made, mode="sandbox", gateway=gateway, now=at)
    return made


@pytest.fixture
def press(offer: Offer, gateway: StripeGateway, at: datetime) -> Press:
    """Press Buy in one form, as often as it is called."""

    def call(**changes: Any) -> CheckoutSession:
        asked: dict[str, Any] = {
            "offer": offer,
            "buy_key": "k" * 32,
            "trace_ref": new_reference("trc"),
            "entry_page": "/",
            "gateway": gateway,
            "now": at,
        }
        return buy(**asked | changes)

    return call


@pytest.fixture
def lost(press: Press, outside: RunningSandbox) -> CheckoutSession:
    """A checkout that Stripe opened, and we never heard of it."""
    lose_next_answer(outside, SESSIONS)
    made = press()
    outside.clear_faults()
    assert made.state == CheckoutState.UNKNOWN
    return made


def sessions(outside: RunningSandbox) -> list[tuple[str, str]]:
    listed = outside.client().checkout.sessions.list({"limit": 100}).data
    return [(str(session.client_reference_id), str(session.status)) for session in listed]


def sweep(checkout: CheckoutSession, gateway: StripeGateway, at: datetime) -> CheckoutSession:
    sweep_checkouts(gateway=gateway, clock=lambda: at)
    checkout.refresh_from_db()
    return checkout


def test_a_call_that_is_turned_away_says_nothing_of_the_one_before(
    lost: CheckoutSession, outside: RunningSandbox, gateway: StripeGateway, at: datetime
) -> None:
    rolled = gateway_to(outside.base, key="sk_sandbox_rolled")

    sweep(lost, rolled, at + timedelta(minutes=2))

    assert lost.state == CheckoutState.UNKNOWN
    assert lost.next_check_at is not None
    assert sweep(lost, gateway, at + timedelta(minutes=20)).state == CheckoutState.OPEN
    assert sessions(outside) == [(lost.reference, "open")]


def test_operators_hear_that_our_key_is_turned_away(
    lost: CheckoutSession, outside: RunningSandbox, at: datetime
) -> None:
    sweep(lost, gateway_to(outside.base, key="sk_sandbox_rolled"), at + timedelta(minutes=2))

    alerts = OperatorAlert.objects.filter(kind=AlertKind.CHECKOUT_REFUSED)
    assert list(alerts.values_list("subject", flat=True)) == [lost.offer.reference]


def test_pressing_again_with_a_key_that_is_turned_away_leaves_it_unknown(
    lost: CheckoutSession, press: Press, outside: RunningSandbox, at: datetime
) -> None:
    rolled = gateway_to(outside.base, key="sk_sandbox_rolled")

    again = press(gateway=rolled, now=at + timedelta(seconds=3))

    assert (again.pk, again.state) == (lost.pk, CheckoutState.UNKNOWN)


def test_pressing_again_at_the_very_same_moment_is_not_the_first_press(
    lost: CheckoutSession, press: Press, outside: RunningSandbox, at: datetime
) -> None:
    again = press(gateway=gateway_to(outside.base, key="sk_sandbox_rolled"), now=at)

    assert (again.pk, again.state) == (lost.pk, CheckoutState.UNKNOWN)


def test_the_first_press_with_a_key_that_is_turned_away_made_nothing(
    press: Press, outside: RunningSandbox
) -> None:
    assert press(gateway=gateway_to(outside.base, key="sk_sandbox_rolled")).state == "failed"


def test_looking_for_a_session_that_is_refused_says_nothing_of_it(
    lost: CheckoutSession, outside: RunningSandbox, gateway: StripeGateway, at: datetime
) -> None:
    outside.control("faults", path=SESSIONS, method="GET", effect="status", status=400, count=1)

    sweep(lost, gateway, at + timedelta(hours=25))

    assert lost.state == CheckoutState.UNKNOWN
    assert sweep(lost, gateway, at + timedelta(hours=26)).state == CheckoutState.EXPIRED


def test_an_abandoned_session_that_was_paid_before_it_could_be_closed_is_no_failure(
    lost: CheckoutSession, outside: RunningSandbox, gateway: StripeGateway, at: datetime
) -> None:
    [session] = outside.client().checkout.sessions.list({"limit": 1}).data
    path = f"{SESSIONS}/{session.id}/expire"
    outside.control("faults", path=path, method="POST", effect="status", status=400, count=1)

    sweep(lost, gateway, at + timedelta(minutes=45))

    assert (lost.state, lost.stripe_id) == (CheckoutState.OPEN, session.id)


def away(checkout: CheckoutSession, deaf: StripeGateway, *, since: datetime, for_h: int) -> int:
    """Sweep whenever the checkout is due, with nobody answering. Returns how often."""
    calls = 0
    while checkout.next_check_at and checkout.next_check_at < since + timedelta(hours=for_h):
        calls += 1
        sweep(checkout, deaf, checkout.next_check_at)
    return calls


@pytest.mark.parametrize("away_h", [4, 30])
def test_it_is_asked_for_as_long_as_stripe_is_away(
    lost: CheckoutSession,
    deaf_gateway: StripeGateway,
    gateway: StripeGateway,
    at: datetime,
    away_h: int,
) -> None:
    assert 10 < away(lost, deaf_gateway, since=at, for_h=away_h) < 20
    assert (lost.state, lost.next_check_at is None) == (CheckoutState.UNKNOWN, False)

    sweep(lost, gateway, at + timedelta(hours=away_h + 6))

    assert lost.state == CheckoutState.EXPIRED


def test_a_session_that_only_a_later_try_made_is_found_too(
    press: Press, outside: RunningSandbox, deaf_gateway: StripeGateway, gateway: StripeGateway,
    at: datetime,
) -> None:  # fmt: skip
    checkout = press(gateway=deaf_gateway, now=at - timedelta(hours=23))
    outside.control(
        "faults", path=SESSIONS, method="POST", effect="status", status=500, when="after", count=1
    )
    sweep(checkout, gateway, at)  # made at Stripe almost a day after the row
    assert (checkout.state, checkout.last_error) == (CheckoutState.UNKNOWN, "http_500")

    sweep(checkout, gateway, at + timedelta(hours=7))

    assert checkout.state == CheckoutState.EXPIRED
    assert sessions(outside) == [(checkout.reference, "expired")]


def test_an_open_session_past_its_end_is_asked_for_as_long_too(
    deaf_gateway: StripeGateway, at: datetime
) -> None:
    checkout = CheckoutFactory(next_check_at=at)

    away(checkout, deaf_gateway, since=at, for_h=30)

    assert checkout.next_check_at is not None


class Overtaken(StripeGateway):
    """Another worker takes every checkout over while Stripe is asked."""

    def read_session(self, session_id: str) -> SessionFact:
        CheckoutSession.objects.filter(stripe_id=session_id).update(lease_token=99)
        raise GatewayUnknown("no_answer", is_replayable=True)


def test_a_checkout_that_another_worker_took_over_holds_up_no_other(
    settings: Settings, at: datetime
) -> None:
    first, second = CheckoutFactory(next_check_at=at), CheckoutFactory(next_check_at=at)

    looked_after = sweep_checkouts(
        gateway=Overtaken.from_settings(settings, timeout_s=1, retries=0), clock=lambda: at
    )

    assert looked_after == 2
    for checkout in (first, second):
        checkout.refresh_from_db()
        assert (checkout.attempts, checkout.last_error) == (0, "")


def alarms() -> list[tuple[str, bool]]:
    rows = OperatorAlert.objects.filter(kind=SWEEP_LAG, subject__endswith="_answers")
    return [(alert.subject, alert.closed_at is None) for alert in rows]


def test_operators_are_told_when_nobody_knows_for_an_hour(
    lost: CheckoutSession, deaf_gateway: StripeGateway, gateway: StripeGateway, at: datetime
) -> None:
    away(lost, deaf_gateway, since=at, for_h=2)
    check_lag(mode="sandbox", now=at + timedelta(minutes=59))
    soon = alarms()
    for minutes in (61, 62):
        check_lag(mode="sandbox", now=at + timedelta(minutes=minutes))
    raised = alarms()
    sweep(lost, gateway, at + timedelta(hours=6))
    check_lag(mode="sandbox", now=at + timedelta(hours=6))

    assert soon == []
    assert raised == [("revenue.checkout_answers", True)]
    assert alarms() == [("revenue.checkout_answers", False)]


def test_the_mail_says_that_it_is_stripe_who_has_not_answered(
    lost: CheckoutSession, at: datetime
) -> None:
    check_lag(mode="sandbox", now=at + timedelta(minutes=61))

    alert = OperatorAlert.objects.get(subject="revenue.checkout_answers")
    line = alert_line(alert)
    assert line["title"] == "Work is waiting too long: answers about checkouts"
    assert line["words"].startswith("Stripe was asked 61 minutes ago and has not answered yet")


def test_after_a_server_error_pressing_again_does_not_repeat_the_call(
    press: Press, outside: RunningSandbox, gateway: StripeGateway, at: datetime
) -> None:
    outside.control(
        "faults", path=SESSIONS, method="POST", effect="status", status=500, when="after", count=1
    )
    assert press().last_error == "http_500"
    outside.control("faults", path=SESSIONS, method="POST", effect="drop", count=1)

    again = press(now=at + timedelta(seconds=3))

    assert (again.state, again.last_error) == (CheckoutState.UNKNOWN, "http_500")
    assert sweep(again, gateway, at + timedelta(minutes=1)).state == CheckoutState.OPEN
    assert sessions(outside) == [(again.reference, "open")]


def test_pressing_again_days_later_makes_no_second_session(
    lost: CheckoutSession, press: Press, outside: RunningSandbox, at: datetime
) -> None:
    again = press(now=at + timedelta(hours=25))

    assert (again.pk, again.state) == (lost.pk, CheckoutState.UNKNOWN)

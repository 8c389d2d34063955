"""Who comes back from Stripe after another worker claimed the row writes nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model

from crm.enums import DealStage
from crm.models import Activity
from kernel.leases import Leased
from kernel.references import new_reference
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.exchanges.payment_links import sweep_payment_links
from revenue.exchanges.prices import ensure_price, renew_price
from revenue.exchanges.refunds import sweep_refunds
from revenue.models import CheckoutSession, Offer, OfferPrice, PaymentLink, RefundRequest
from revenue.ports import GatewayError, GatewayRefused, GatewayUnknown
from revenue.usecases.make_payment_link import make_payment_link
from revenue.usecases.open_checkout import buy
from tests.factories.crm import DealFactory
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.outside import gateway_to
from tests.races.late import Late
from tests.revenue.refunds.conftest import Ask
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

HOUR = timedelta(hours=1)
REFUSED = GatewayRefused("parameter_invalid")
UNKNOWN = GatewayUnknown("no_answer", is_replayable=True)
ENDS = pytest.mark.parametrize(
    "error", [None, REFUSED, UNKNOWN], ids=["an answer", "a refusal", "no answer"]
)
ERRORS = pytest.mark.parametrize("error", [REFUSED, UNKNOWN], ids=["a refusal", "no answer"])
Press = Callable[[Any], Any]


@pytest.fixture
def at() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def offer(gateway: StripeGateway, at: datetime) -> Offer:
    made = OfferFactory()
    ensure_price(offer=made, mode="sandbox", gateway=gateway, now=at)
    return made


@pytest.fixture
def press_buy(offer: Offer, at: datetime) -> Press:
    key, trace = new_reference("buy"), new_reference("trc")

    def call(by: Any) -> CheckoutSession:
        return buy(offer=offer, buy_key=key, trace_ref=trace, entry_page="/", gateway=by, now=at)

    return call


@pytest.fixture
def press_link(offer: Offer, at: datetime) -> Press:
    deal = DealFactory(stage=DealStage.QUALIFIED, stage_since=at)
    seller, form_key = make_person("operator"), new_reference("frm")

    def call(by: Any) -> PaymentLink:
        return make_payment_link(
            offer=offer, deal_ref=deal.reference, form_key=form_key,
            actor_id=seller.pk, gateway=by, now=at,
        )  # fmt: skip

    return call


@pytest.fixture
def nobody() -> StripeGateway:
    return gateway_to("http://127.0.0.1:9", timeout_s=0.3)


def claim(row: Leased) -> None:
    """Claim the row as a sweep does that comes by when the last one's lease is over."""
    held = type(row)._base_manager.get(pk=row.pk)
    assert held.take_lease(now=datetime.now(UTC) + 9 * HOUR, lease=HOUR)


def as_it_is(row: Model) -> tuple[Any, ...]:
    """Return all that a late writer could have touched."""
    stored = type(row)._base_manager.filter(pk=row.pk).values().get()
    return stored, OperatorAlert.objects.count(), Activity.objects.count()


def assert_nothing_is_written(
    row: Leased,
    work: Callable[[Any], object],
    gateway: StripeGateway,
    *,
    slow: str,
    error: GatewayError | None,
) -> None:
    seen = []

    def meanwhile() -> None:
        claim(row)
        seen.append(as_it_is(row))

    work(Late(gateway, slow=slow, meanwhile=meanwhile, error=error))

    assert seen == [as_it_is(row)]


@ENDS
def test_a_late_sweep_of_a_checkout(
    press_buy: Press, nobody: StripeGateway, gateway: StripeGateway, at: datetime,
    error: GatewayError | None,
) -> None:  # fmt: skip
    checkout = press_buy(nobody)
    assert_nothing_is_written(
        checkout,
        lambda late: sweep_checkouts(gateway=late, clock=lambda: at + HOUR),
        gateway,
        slow="open_checkout",
        error=error,
    )


@ENDS
def test_a_late_sweep_of_a_payment_link(
    press_link: Press, nobody: StripeGateway, gateway: StripeGateway, at: datetime,
    error: GatewayError | None,
) -> None:  # fmt: skip
    link = press_link(nobody)
    assert_nothing_is_written(
        link,
        lambda late: sweep_payment_links(gateway=late, clock=lambda: at + HOUR),
        gateway,
        slow="make_payment_link",
        error=error,
    )


@ENDS
def test_a_late_sweep_of_a_payment_link_that_is_wanted_off(
    press_link: Press, gateway: StripeGateway, at: datetime, error: GatewayError | None
) -> None:
    link = press_link(gateway)
    PaymentLink.objects.update(off_asked_at=at, off_asked_by=link.created_by_id, next_check_at=at)
    assert_nothing_is_written(
        link,
        lambda late: sweep_payment_links(gateway=late, clock=lambda: at + HOUR),
        gateway,
        slow="deactivate_payment_link",
        error=error,
    )


@ENDS
def test_a_late_sweep_of_a_refund(
    ask: Ask, nobody: StripeGateway, gateway: StripeGateway, at: datetime,
    error: GatewayError | None,
) -> None:  # fmt: skip
    request = ask(3_000, gateway=nobody)
    assert_nothing_is_written(
        request,
        lambda late: sweep_refunds(gateway=late, clock=lambda: at + HOUR),
        gateway,
        slow="refund",
        error=error,
    )


@pytest.mark.parametrize("error", [None, UNKNOWN], ids=["an answer", "no answer"])
def test_a_late_sweep_of_a_refund_that_stripe_has(
    ask: Ask, gateway: StripeGateway, at: datetime, error: GatewayError | None
) -> None:
    request = ask(3_000)
    assert_nothing_is_written(
        request,
        lambda late: sweep_refunds(gateway=late, clock=lambda: at + 2 * HOUR),
        gateway,
        slow="read_refund",
        error=error,
    )


@ERRORS
def test_a_late_press_on_pay(press_buy: Press, gateway: StripeGateway, error: GatewayError) -> None:
    assert_a_late_press_writes_nothing(
        CheckoutSession, press_buy, gateway, slow="open_checkout", error=error
    )


@ERRORS
def test_a_late_press_for_a_payment_link(
    press_link: Press, gateway: StripeGateway, error: GatewayError
) -> None:
    assert_a_late_press_writes_nothing(
        PaymentLink, press_link, gateway, slow="make_payment_link", error=error
    )


@ENDS
def test_a_late_press_for_a_refund(
    ask: Ask, gateway: StripeGateway, error: GatewayError | None
) -> None:
    assert_a_late_press_writes_nothing(
        RefundRequest,
        lambda late: ask(3_000, gateway=late),
        gateway,
        slow="refund",
        error=error,
    )


def assert_a_late_press_writes_nothing(
    model: type[Leased],
    press: Press,
    gateway: StripeGateway,
    *,
    slow: str,
    error: GatewayError | None,
) -> None:
    seen = []

    def meanwhile() -> None:
        row = model._base_manager.get()
        claim(row)
        seen.append(as_it_is(row))

    answered = press(Late(gateway, slow=slow, meanwhile=meanwhile, error=error))

    assert seen == [as_it_is(answered)]


@ERRORS
def test_pressing_pay_again_leaves_it_to_the_sweep_that_looks_after_it(
    press_buy: Press, nobody: StripeGateway, gateway: StripeGateway, error: GatewayError
) -> None:
    checkout = press_buy(nobody)
    claim(checkout)
    before = as_it_is(checkout)

    press_buy(Late(gateway, slow="open_checkout", meanwhile=lambda: None, error=error))

    assert as_it_is(checkout) == before


@ERRORS
def test_pressing_for_a_link_again_leaves_it_to_the_sweep_that_looks_after_it(
    press_link: Press, nobody: StripeGateway, gateway: StripeGateway, error: GatewayError
) -> None:
    link = press_link(nobody)
    claim(link)
    before = as_it_is(link)

    press_link(Late(gateway, slow="make_payment_link", meanwhile=lambda: None, error=error))

    assert as_it_is(link) == before


def test_what_stripe_opened_for_a_late_press_is_kept_and_the_lease_is_not_ended(
    press_buy: Press, press_link: Press, gateway: StripeGateway
) -> None:
    for press, slow, model, state in (
        (press_buy, "open_checkout", CheckoutSession, "open"),
        (press_link, "make_payment_link", PaymentLink, "active"),
    ):
        made = press(
            Late(gateway, slow=slow, meanwhile=lambda m=model: claim(m._base_manager.get()))
        )
        assert (made.state, made.leased_until is None, made.lease_token) == (state, False, 1)


def test_a_price_that_was_asked_for_before_it_was_made_anew_is_not_put_on_sale(
    outside: RunningSandbox, nobody: StripeGateway, gateway: StripeGateway, at: datetime
) -> None:
    offer = OfferFactory()
    asked: dict[str, Any] = {"offer": offer, "mode": "sandbox", "now": at}
    gone = []

    def meanwhile() -> None:
        if gone:
            return
        gone.append(ensure_price(**asked, gateway=gateway).stripe_price_id)
        outside.client().prices.update(gone[0], {"active": False})
        with pytest.raises(GatewayUnknown):
            renew_price(
                **asked, gateway=nobody, gone_id=gone[0], because="price_inactive", asked_at=at
            )

    late: Any = Late(gateway, slow="make_price", meanwhile=meanwhile)
    made = ensure_price(**asked, gateway=late)

    assert made == OfferPrice.objects.get()
    assert (made.stripe_price_id not in gone, made.times_renewed) == (True, 1)
    assert gateway.what_ails_price(made.stripe_price_id) == ""

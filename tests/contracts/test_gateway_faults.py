"""Failed is not unknown: which error says that nothing happened, and which says look first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.ports import GatewayRefused, GatewayUnknown, NotFound, PaymentGateway
from tests.outside import gateway_to, lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox, free_port

SNAPSHOT = {"name": "Acquisition snapshot"}
Call = Callable[[PaymentGateway], object]

CALLS: dict[str, Call] = {
    "make": lambda gateway: gateway.make_product(key="a-product", parameters=SNAPSHOT),
    "read": lambda gateway: gateway.read_session("cs_test_1"),
    "list": lambda gateway: gateway.payment_links(limit=1),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


def unknown(call: Call, gateway: PaymentGateway) -> GatewayUnknown:
    with pytest.raises(GatewayUnknown) as raised:
        call(gateway)
    return raised.value


def test_nobody_at_the_address_leaves_the_outcome_unknown(call: Call) -> None:
    nobody = gateway_to(f"http://127.0.0.1:{free_port()}", timeout_s=0.5)
    error = unknown(call, nobody)
    assert (error.code, error.is_replayable) == ("no_answer", True)


def test_a_cut_line_leaves_the_outcome_unknown(
    call: Call, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    outside.control("faults", effect="drop")
    assert unknown(call, gateway).is_replayable


def test_no_answer_in_time_leaves_the_outcome_unknown(call: Call, outside: RunningSandbox) -> None:
    outside.control("faults", effect="timeout_after_success", hang_ms=1_500)
    assert unknown(call, gateway_to(outside.base, timeout_s=0.3)).is_replayable


def test_what_a_lost_answer_had_made_comes_back_under_the_same_key(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    lose_next_answer(outside, "/v1/products")
    with pytest.raises(GatewayUnknown):
        gateway.make_product(key="k", parameters=SNAPSHOT)
    made = gateway.make_product(key="k", parameters=SNAPSHOT)
    assert [product.id for product in outside.client().products.list().data] == [made]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_unknown_and_must_be_looked_up(
    call: Call, outside: RunningSandbox, gateway: StripeGateway, status: int
) -> None:
    outside.control("faults", effect="status", status=status)
    error = unknown(call, gateway)
    assert (error.code, error.is_replayable) == (f"http_{status}", False)


def test_a_server_error_is_kept_under_its_key_although_the_work_was_done(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    outside.control("faults", effect="status", status=500, when="after", count=1, method="POST")
    for _ in range(2):  # the second answer is the first one, replayed
        with pytest.raises(GatewayUnknown) as raised:
            gateway.make_product(key="k", parameters=SNAPSHOT)
        assert not raised.value.is_replayable


def test_too_many_requests_may_be_repeated(
    call: Call, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    outside.control("faults", effect="status", status=429)
    assert unknown(call, gateway).is_replayable


def test_a_worker_with_patience_gets_through_a_short_failure(outside: RunningSandbox) -> None:
    outside.control("faults", effect="drop", count=1)
    patient = gateway_to(outside.base, retries=2)
    assert patient.make_product(key="k", parameters=SNAPSHOT).startswith("prod_")


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (lambda gateway: gateway.read_session("cs_test_nobodyknowsthis"), NotFound),
        (lambda gateway: gateway.make_product(key="k", parameters={}), GatewayRefused),
        (
            lambda gateway: gateway.make_price(
                key="k",
                parameters={"product": "prod_unknown", "currency": "usd", "unit_amount": 1},
            ),
            GatewayRefused,
        ),
    ],
)
def test_a_clear_no_is_a_refusal(
    gateway: StripeGateway, what: Call, error: type[GatewayRefused]
) -> None:
    with pytest.raises(error) as raised:
        what(gateway)
    assert raised.value.is_proof


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_turned_away_learns_nothing_of_an_earlier_call(
    call: Call, outside: RunningSandbox, gateway: StripeGateway, status: int
) -> None:
    outside.control("faults", effect="status", status=status)
    with pytest.raises(GatewayRefused) as raised:
        call(gateway)
    assert not raised.value.is_proof


def test_a_key_that_was_used_for_something_else_proves_nothing(gateway: StripeGateway) -> None:
    gateway.make_product(key="k", parameters=SNAPSHOT)
    with pytest.raises(GatewayRefused) as raised:
        gateway.make_product(key="k", parameters={**SNAPSHOT, "name": "Another"})
    assert not raised.value.is_proof


def test_a_wrong_key_is_refused_and_never_repeated_in_the_error(
    call: Call, outside: RunningSandbox
) -> None:
    key = "sk_sandbox_somebody_elses_key"
    with pytest.raises(GatewayRefused) as raised:
        call(gateway_to(outside.base, key=key))
    assert not raised.value.is_proof
    assert key not in f"{raised.value!r} {raised.value.code}"


def test_errors_keep_no_words_of_stripes(gateway: StripeGateway) -> None:
    """Stripe's messages quote what was sent, which may hold a name or an address."""
    with pytest.raises(GatewayRefused) as raised:
        gateway.open_checkout(
            key="k", parameters={"mode": "payment", "customer_email": "ada at buyer.example"}
        )
    assert "ada" not in str(raised.value)

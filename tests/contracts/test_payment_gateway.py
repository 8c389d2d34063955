"""What ``revenue.ports.PaymentGateway`` promises, held against every world there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kernel.money import Money
from revenue.exchanges.prices import PRODUCT_EXISTS
from revenue.ports import GatewayRefused, LinkRecord, NotFound, PaymentGateway

Name = Callable[[str], str]


def make_price(gateway: PaymentGateway, unique: Name, *, currency: str = "usd") -> str:
    product_id = gateway.make_product(
        key=unique(f"product-{currency}"),
        parameters={"id": unique(f"prod-{currency}"), "name": "Acquisition snapshot"},
    )
    return gateway.make_price(
        key=unique(f"price-{currency}"),
        parameters={
            "product": product_id,
            "currency": currency,
            "unit_amount": 150,
            "lookup_key": unique(f"lookup-{currency}"),
        },
    )


def session_parameters(price_id: str, *, reference: str) -> dict[str, object]:
    metadata = {"checkout_ref": reference, "trace_ref": "trc_1"}
    return {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1}],
        "client_reference_id": reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "success_url": "http://localhost:8000/return/?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost:8000/",
    }


def link_parameters(price_id: str, *, reference: str) -> dict[str, object]:
    return {
        "line_items": [{"price": price_id, "quantity": 1}],
        "metadata": {"link_ref": reference},
        "payment_intent_data": {"metadata": {"link_ref": reference}},
        "restrictions": {"completed_sessions": {"limit": 1}},
        "after_completion": {
            "type": "redirect",
            "redirect": {"url": "http://localhost:8000/return/?session_id={CHECKOUT_SESSION_ID}"},
        },
    }


def test_the_same_key_and_parameters_give_the_same_product(
    either: PaymentGateway, unique: Name
) -> None:
    parameters = {"name": "Acquisition snapshot"}
    first = either.make_product(key=unique("p"), parameters=parameters)
    assert either.make_product(key=unique("p"), parameters=parameters) == first


def test_the_same_key_with_other_parameters_is_refused(
    either: PaymentGateway, unique: Name
) -> None:
    either.make_product(key=unique("p"), parameters={"name": "Acquisition snapshot"})
    with pytest.raises(GatewayRefused):
        either.make_product(key=unique("p"), parameters={"name": "Another"})


def test_a_product_under_our_own_id_is_made_once(either: PaymentGateway, unique: Name) -> None:
    parameters = {"id": unique("prod"), "name": "Acquisition snapshot"}
    assert either.make_product(key=unique("a"), parameters=parameters) == unique("prod")
    with pytest.raises(GatewayRefused) as refused:
        either.make_product(key=unique("b"), parameters=parameters)
    assert refused.value.code == PRODUCT_EXISTS


def test_a_price_is_found_by_its_lookup_key(either: PaymentGateway, unique: Name) -> None:
    price_id = make_price(either, unique)
    assert either.find_price(lookup_key=unique("lookup-usd")) == price_id
    assert either.find_price(lookup_key=unique("never made")) is None


def test_a_checkout_is_opened_once_per_key_and_says_what_it_asks(
    either: PaymentGateway, unique: Name
) -> None:
    reference = unique("chk")
    parameters = session_parameters(make_price(either, unique), reference=reference)
    opened = either.open_checkout(key=reference, parameters=parameters)
    again = either.open_checkout(key=reference, parameters=parameters)
    assert again.session_id == opened.session_id
    assert (opened.status, opened.payment_status) == ("open", "unpaid")
    assert not opened.is_settled
    assert opened.amount == Money(150, "USD")
    assert (opened.checkout_ref, opened.trace_ref) == (reference, "trc_1")
    assert opened.url.startswith("http")
    assert opened.livemode is False
    assert opened.expires_at is not None
    assert opened.expires_at > opened.created_at
    assert either.read_session(opened.session_id) == opened


def test_a_currency_without_decimals_keeps_its_amount(either: PaymentGateway, unique: Name) -> None:
    price_id = make_price(either, unique, currency="jpy")
    parameters = session_parameters(price_id, reference=unique("chk"))
    opened = either.open_checkout(key=unique("chk"), parameters=parameters)
    assert opened.amount == Money(150, "JPY")


def test_a_session_is_listed_in_its_window_and_in_no_other(
    either: PaymentGateway, unique: Name
) -> None:
    parameters = session_parameters(make_price(either, unique), reference=unique("chk"))
    opened = either.open_checkout(key=unique("chk"), parameters=parameters)
    around = timedelta(minutes=2)
    inside = either.sessions_between(
        since=opened.created_at - around, until=opened.created_at + around
    )
    before = either.sessions_between(
        since=opened.created_at - 3 * around, until=opened.created_at - around
    )
    assert opened.session_id in [fact.session_id for fact in inside]
    assert opened.session_id not in [fact.session_id for fact in before]


def test_an_expired_session_says_so_and_expires_only_once(
    either: PaymentGateway, unique: Name
) -> None:
    parameters = session_parameters(make_price(either, unique), reference=unique("chk"))
    opened = either.open_checkout(key=unique("chk"), parameters=parameters)
    assert either.expire_session(opened.session_id, key=unique("1")).status == "expired"
    assert either.read_session(opened.session_id).status == "expired"
    with pytest.raises(GatewayRefused):
        either.expire_session(opened.session_id, key=unique("2"))


def test_a_payment_link_is_made_listed_and_switched_off(
    either: PaymentGateway, unique: Name
) -> None:
    reference = unique("plk")
    parameters = link_parameters(make_price(either, unique), reference=reference)
    made = either.make_payment_link(key=reference, parameters=parameters)
    assert made.is_active
    assert either.make_payment_link(key=reference, parameters=parameters) == made
    assert (made, reference) in either.payment_links(limit=20)
    off = either.deactivate_payment_link(made.link_id, key=unique("1"))
    assert (off.link_id, off.is_active) == (made.link_id, False)
    assert either.deactivate_payment_link(made.link_id, key=unique("2")).is_active is False


def test_a_payment_link_is_found_by_what_it_names_and_read_as_it_sells(
    either: PaymentGateway, unique: Name
) -> None:
    reference, call_ref = unique("plk"), unique("call")
    parameters = link_parameters(make_price(either, unique), reference=reference)
    parameters["metadata"] = {"link_ref": reference, "call_ref": call_ref}
    made = either.make_payment_link(key=reference, parameters=parameters)

    assert either.find_payment_link(reference) == made
    assert either.find_payment_link(reference[:-1]) is None
    assert either.find_payment_link(unique("nobody")) is None
    assert either.read_payment_link(made.link_id) == LinkRecord(
        link_id=made.link_id, price=Money(150, "USD"), livemode=False, call_ref=call_ref
    )

    either.deactivate_payment_link(made.link_id, key=unique("off"))
    off = either.find_payment_link(reference)
    assert off is not None
    assert (off.link_id, off.is_active) == (made.link_id, False)


def test_a_link_that_names_no_call_says_so(either: PaymentGateway, unique: Name) -> None:
    """A person's link, as Stripe has it: it is nobody's effect."""
    reference = unique("plk")
    parameters = link_parameters(make_price(either, unique), reference=reference)
    made = either.make_payment_link(key=reference, parameters=parameters)

    assert either.read_payment_link(made.link_id).call_ref == ""


def test_as_many_links_are_listed_as_were_asked_for(either: PaymentGateway, unique: Name) -> None:
    price_id = make_price(either, unique)
    for number in range(3):
        reference = unique(f"plk{number}")
        either.make_payment_link(
            key=reference, parameters=link_parameters(price_id, reference=reference)
        )
    listed = [reference for _link, reference in either.payment_links(limit=2)]
    assert sorted(listed) == [unique("plk1"), unique("plk2")]


@pytest.mark.parametrize(
    ("what", "stripe_id"),
    [
        ("read_session", "cs_test_nobodyknowsthis"),
        ("expire_session", "cs_test_nobodyknowsthis"),
        ("read_refund", "re_nobodyknowsthis"),
        ("dispute", "dp_nobodyknowsthis"),
        ("deactivate_payment_link", "plink_nobodyknowsthis"),
        ("read_payment_link", "plink_nobodyknowsthis"),
    ],
)
def test_an_unknown_id_is_not_found(
    either: PaymentGateway, unique: Name, what: str, stripe_id: str
) -> None:
    is_change = what in {"expire_session", "deactivate_payment_link"}
    key = {"key": unique(what)} if is_change else {}
    with pytest.raises(NotFound):
        getattr(either, what)(stripe_id, **key)


def test_the_key_is_told_to_nobody_and_known_by_its_fingerprint(either: PaymentGateway) -> None:
    of_one, of_another = either.key_digest("salt"), either.key_digest("another")

    assert of_one == either.key_digest("salt")
    assert len({of_one, of_another}) == 2
    assert all(len(digest) == 64 for digest in (of_one, of_another))
    assert either.base_address().startswith("http")


def test_the_account_says_whose_it_is(either: PaymentGateway) -> None:
    account = either.account()
    assert account.account_id.startswith("acct_")
    assert account.livemode is False


def test_a_quiet_second_has_no_balance_lines(either: PaymentGateway) -> None:
    now = datetime.now(UTC)
    assert list(either.balance_lines(since=now - timedelta(seconds=1), until=now)) == []

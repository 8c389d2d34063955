"""Checkout sessions and payment links, through the real SDK."""

import time

import pytest
import stripe

from tests.sandbox.running_sandbox import RunningSandbox, WebhookReceiver


def test_a_session_is_open_for_a_guest(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session(
        client_reference_id="chk_1",
        metadata={"trace_ref": "trc_1"},
        customer_email="ann@example.com",
    )

    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (100, "usd")
    assert (session.client_reference_id, session.metadata["trace_ref"]) == ("chk_1", "trc_1")
    assert session.url == f"{sandbox.base}/c/pay/{session.id}"
    assert (session.customer, session.payment_intent, session.livemode) == (None, None, False)
    assert session.customer_details.email == "ann@example.com"


def test_a_session_shows_every_field_that_the_sdk_promises(sandbox: RunningSandbox) -> None:
    session = sandbox.open_session()
    may_be_absent = {
        "allowed_payment_method_types",
        "branding_settings",
        "excluded_payment_method_types",
        "line_items",
        "name_collection",
        "optional_items",
        "presentment_details",
        "redirect_on_completion",
        "return_url",
        "tax_id_collection",
    }

    promised = {
        name
        for name in stripe.checkout.Session.__annotations__
        if not name.startswith("_") and name != "OBJECT_NAME"
    }

    assert promised - set(session.to_dict()) == may_be_absent


def test_the_sum_comes_from_prices_and_quantities(sandbox: RunningSandbox, stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "Brief"})
    price = stripe_v1.prices.create({"product": product.id, "currency": "jpy", "unit_amount": 500})

    session = sandbox.open_session(line_items=[{"price": price.id, "quantity": 3}])

    items = stripe_v1.checkout.sessions.line_items.list(session.id).data
    assert (session.amount_total, session.currency) == (1_500, "jpy")
    assert [(item.description, item.quantity, item.amount_total) for item in items] == [
        ("Brief", 3, 1_500)
    ]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"success_url": ""}, "success_url"),
        ({"success_url": "nowhere"}, "success_url"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"mode": "subscription"}, "mode"),
        ({"customer_email": "no"}, "customer_email"),
        ({"expires_at": 4_102_444_800}, "expires_at"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data[colour]"),
    ],
)
def test_what_stripe_would_refuse_is_refused(sandbox: RunningSandbox, change, param) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.open_session(**change)

    assert (refusal.value.http_status, refusal.value.param) == (400, param)


def test_forty_cents_are_too_little(sandbox: RunningSandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.open_session(unit_amount=40)

    assert refusal.value.code == "amount_too_small"


def test_sessions_are_found_by_time_status_and_payment(sandbox: RunningSandbox, stripe_v1) -> None:
    start = int(time.time())
    open_one, paid_one = sandbox.open_session(), sandbox.open_session()
    payment = sandbox.pay(paid_one.id)["session"]["payment_intent"]

    def ids(**asked):
        return [each.id for each in stripe_v1.checkout.sessions.list({"limit": 100, **asked}).data]

    assert ids(payment_intent=payment) == [paid_one.id]
    assert open_one.id in ids(status="open", created={"gte": start})
    assert paid_one.id not in ids(status="open", created={"gte": start})
    assert ids(created={"lt": start - 3_600}) == []


def test_an_expired_session_says_so_and_cannot_be_paid(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    session = sandbox.open_session()

    expired = stripe_v1.checkout.sessions.expire(session.id)

    sandbox.quiet()
    assert (expired.status, expired.url) == ("expired", None)
    assert receiver.types_about(session.id) == ["checkout.session.expired"]
    assert sandbox.try_control("pay", session=session.id).status_code == 400
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        stripe_v1.checkout.sessions.expire(session.id)


def test_time_runs_out_by_itself(
    sandbox: RunningSandbox, receiver: WebhookReceiver, eventually
) -> None:
    session = sandbox.open_session(expires_at=int(time.time()) + 1)

    eventually(lambda: receiver.types_about(session.id) == ["checkout.session.expired"])


def a_link(stripe_v1, **more):
    product = stripe_v1.products.create({"name": "Snapshot"})
    price = stripe_v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100})
    return stripe_v1.payment_links.create(
        {"line_items": [{"price": price.id, "quantity": 1}], **more}
    )


def test_each_visit_to_a_link_is_a_session_with_its_metadata(
    sandbox: RunningSandbox, stripe_v1
) -> None:
    link = a_link(
        stripe_v1,
        metadata={"trace_ref": "trc_2"},
        payment_intent_data={"metadata": {"trace_ref": "trc_2"}},
        after_completion={
            "type": "redirect",
            "redirect": {"url": "http://localhost:8000/r?cs={CHECKOUT_SESSION_ID}"},
        },
    )

    visits = [sandbox.browser().get(link.url).headers["location"] for _ in range(2)]

    found = stripe_v1.checkout.sessions.list({"payment_link": link.id})
    assert {visit.rpartition("/")[2] for visit in visits} == {each.id for each in found.data}
    assert [each.metadata.to_dict() for each in found.data] == [{"trace_ref": "trc_2"}] * 2
    paid = sandbox.pay(found.data[0].id)
    assert paid["redirect_url"] == f"http://localhost:8000/r?cs={found.data[0].id}"
    payment = stripe_v1.payment_intents.retrieve(paid["session"]["payment_intent"])
    assert payment.metadata.to_dict() == {"trace_ref": "trc_2"}


def test_a_link_for_one_sale_closes_after_it(
    sandbox: RunningSandbox, receiver: WebhookReceiver, stripe_v1
) -> None:
    link = a_link(stripe_v1, restrictions={"completed_sessions": {"limit": 1}})
    first = sandbox.control("visit", payment_link=link.url)
    second = sandbox.control("visit", payment_link=link.id)

    sandbox.pay(first["id"])

    closed = stripe_v1.payment_links.retrieve(link.id)
    assert (closed.active, closed.restrictions.completed_sessions.count) == (False, 1)
    assert sandbox.try_control("pay", session=second["id"]).status_code == 400
    late = sandbox.browser().get(link.url)
    assert late.status_code == 410
    assert "no longer active" in late.text
    sandbox.quiet()
    assert "payment_link.updated" in receiver.types_about(link.id)


def test_a_link_can_be_switched_off(sandbox: RunningSandbox, stripe_v1) -> None:
    link = a_link(stripe_v1)

    off = stripe_v1.payment_links.update(link.id, {"active": False})

    assert off.active is False
    assert sandbox.browser().get(link.url).status_code == 410
    assert link.id in [each.id for each in stripe_v1.payment_links.list({"active": False}).data]
    items = stripe_v1.payment_links.line_items.list(link.id).data
    assert [item.amount_total for item in items] == [100]


def test_looking_at_a_link_without_opening_it_makes_no_session(
    sandbox: RunningSandbox, stripe_v1
) -> None:
    link = a_link(stripe_v1)

    sandbox.browser().head(link.url)
    sandbox.browser().get(link.url, headers={"Sec-Purpose": "prefetch"})

    assert stripe_v1.checkout.sessions.list({"payment_link": link.id}).data == []

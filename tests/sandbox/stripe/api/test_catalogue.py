"""Account, products, prices, lists and errors, through the real SDK."""

import httpx
import pytest
import stripe

from tests.sandbox.running_sandbox import KEY, RunningSandbox

VERSION = "2026-10-28.endive"


def test_the_account_can_take_charges_and_is_never_live(stripe_v1) -> None:
    account = stripe_v1.accounts.retrieve_current()

    assert account.id.startswith("acct_1")
    assert account.charges_enabled is True
    assert account.settings.dashboard.display_name == "Northwind Acquisition"
    assert stripe_v1.accounts.retrieve(account.id).id == account.id


def test_a_product_is_made_changed_and_found_again(stripe_v1) -> None:
    made = stripe_v1.products.create(
        {"name": "Snapshot", "description": "Two pages", "metadata": {"offer": "snapshot"}}
    )

    changed = stripe_v1.products.update(
        made.id, {"name": "Snapshot 2", "metadata": {"version": "2", "offer": ""}}
    )

    assert (made.name, made.active, made.livemode) == ("Snapshot", True, False)
    assert changed.name == "Snapshot 2"
    assert changed.metadata.to_dict() == {"version": "2"}
    assert stripe_v1.products.retrieve(made.id).name == "Snapshot 2"
    assert made.id in [each.id for each in stripe_v1.products.list({"limit": 100}).data]


def test_a_deactivated_product_leaves_the_list_of_active_ones(stripe_v1) -> None:
    made = stripe_v1.products.create({"name": "Old"})

    stripe_v1.products.update(made.id, {"active": False})

    active = stripe_v1.products.list({"active": True, "limit": 100})
    assert made.id not in [each.id for each in active.data]


def test_a_price_belongs_to_a_product(stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "Snapshot"})

    price = stripe_v1.prices.create(
        {"product": product.id, "currency": "USD", "unit_amount": 4_900, "metadata": {"v": "1"}}
    )

    assert (price.currency, price.unit_amount, price.type) == ("usd", 4_900, "one_time")
    assert stripe_v1.prices.retrieve(price.id, {"expand": ["product"]}).product.name == "Snapshot"
    assert [each.id for each in stripe_v1.prices.list({"product": product.id}).data] == [price.id]


def test_a_price_of_no_product_is_refused(stripe_v1) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.prices.create({"product": "prod_none", "currency": "usd", "unit_amount": 1})

    assert (refusal.value.http_status, refusal.value.code) == (400, "resource_missing")
    assert refusal.value.param == "product"


def test_a_lookup_key_names_one_price(stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "One key"})
    asked = {"product": product.id, "currency": "usd", "unit_amount": 100, "lookup_key": "k"}
    first = stripe_v1.prices.create(asked)
    stripe_v1.prices.update(first.id, {"active": False})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.prices.create(asked)

    assert (refusal.value.http_status, refusal.value.param) == (400, "lookup_key")
    assert [price.id for price in stripe_v1.prices.list({"product": product.id}).data] == [first.id]


def test_lists_page_forwards_and_backwards(stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "Many prices"})
    made = [
        stripe_v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100 + n})
        for n in range(5)
    ]
    newest_first = [each.id for each in reversed(made)]

    first = stripe_v1.prices.list({"product": product.id, "limit": 2})
    second = stripe_v1.prices.list(
        {"product": product.id, "limit": 2, "starting_after": first.data[-1].id}
    )
    back = stripe_v1.prices.list(
        {"product": product.id, "limit": 2, "ending_before": newest_first[3]}
    )

    assert ([each.id for each in first.data], first.has_more) == (newest_first[:2], True)
    assert [each.id for each in second.data] == newest_first[2:4]
    assert ([each.id for each in back.data], back.has_more) == (newest_first[1:3], True)
    everything = stripe_v1.prices.list({"product": product.id, "limit": 2}).auto_paging_iter()
    assert [each.id for each in everything] == newest_first


def test_an_unknown_id_is_a_404_with_stripes_words(stripe_v1) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.products.retrieve("prod_none")

    assert refusal.value.http_status == 404
    assert refusal.value.code == "resource_missing"
    assert refusal.value.user_message == "No such product: 'prod_none'"
    assert refusal.value.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"name": "x", "colour": "red"}, "parameter_unknown", "colour"),
        ({"description": "nameless"}, "parameter_missing", "name"),
        ({"name": "x", "metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]"),
    ],
)
def test_wrong_parameters_are_named(stripe_v1, asked, code, param) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.products.create(asked)

    assert (refusal.value.http_status, refusal.value.code) == (400, code)
    assert refusal.value.param == param


def test_a_number_must_be_one(stripe_v1) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_v1.products.list({"limit": "many"})

    assert (refusal.value.code, refusal.value.param) == ("parameter_invalid_integer", "limit")


def test_a_wrong_key_is_turned_away(sandbox: RunningSandbox) -> None:
    with pytest.raises(stripe.AuthenticationError) as refusal:
        sandbox.client(key="sk_test_somebody_else_123").products.list()

    assert refusal.value.http_status == 401
    assert "somebody" not in str(refusal.value)


def test_no_key_at_all_is_turned_away(sandbox: RunningSandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/products")

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_basic_authorization_works_too(sandbox: RunningSandbox) -> None:
    assert httpx.get(f"{sandbox.base}/v1/products", auth=(KEY, "")).status_code == 200


def test_answers_carry_request_id_and_version(sandbox: RunningSandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/balance", auth=(KEY, ""))

    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == VERSION
    assert answer.json()["livemode"] is False


def test_an_unknown_address_is_stripes_404(sandbox: RunningSandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/unicorns", auth=(KEY, ""))

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/")


def test_a_page_of_the_web_cannot_rebind_its_way_in(sandbox: RunningSandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/_sandbox/health", headers={"Host": "evil.test"})

    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/_sandbox/health", "/_sandbox/", "/v1/events", "/web/"])
def test_a_made_up_companys_name_reaches_its_site_and_nothing_else(
    path: str, sandbox: RunningSandbox
) -> None:
    answer = httpx.get(f"{sandbox.base}{path}", headers={"Host": "evil.example"}, auth=(KEY, ""))

    assert answer.status_code == 404
    assert "Evil has no such page" in answer.text


def test_expanding_what_cannot_be_expanded_is_an_error(stripe_v1) -> None:
    product = stripe_v1.products.create({"name": "x"})

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        stripe_v1.products.retrieve(product.id, {"expand": ["owner"]})

"""Links: opened as often as you like, revoked for good, asked for without telling who is known."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from revenue.models import OrderLinkRequest
from revenue.usecases.revoke_order_links import revoke_order_links
from revenue.views.links import (
    REQUESTS_PER_ADDRESS,
    REQUESTS_PER_VISITOR,
    WRONG_TOKENS_PER_HOUR,
)
from tests.factories.orders import OrderFactory, token_of
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, CheckoutFactory

pytestmark = pytest.mark.django_db


def ask(client: Client, email: str, **headers: str) -> tuple[int, str, bytes]:
    response = client.post("/order-link/", {"email": email}, **headers)
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)
    return response.status_code, response.headers.get("Location", ""), body


def test_a_link_puts_its_secret_into_a_cookie_and_leaves_the_address() -> None:
    order = OrderFactory()
    client, token = Client(), token_of(order)

    response = client.get(f"/o/{token}/")

    cookie = client.cookies[f"trinity_orders_{settings.PORT}"]
    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"/order/{order.reference}/",
    )
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert token not in cookie.value
    assert client.get(f"/order/{order.reference}/").status_code == 200


def test_a_link_works_repeatedly_and_in_every_browser() -> None:
    order = OrderFactory()
    token = token_of(order)

    assert Client().head(f"/o/{token}/").status_code == 302  # a scanner looks first
    for _ in range(3):
        client = Client()
        client.get(f"/o/{token}/")
        client.get(f"/o/{token}/")
        assert client.get(f"/order/{order.reference}/").status_code == 200


def test_a_link_without_an_order_yet_leads_to_the_checkout() -> None:
    checkout = CheckoutFactory()
    order = OrderFactory.build(checkout=checkout)
    order.checkout_id = checkout.pk

    response = Client().get(f"/o/{token_of(order)}/")

    assert response.headers["Location"] == f"/checkout/{checkout.reference}/"


def test_one_browser_holds_links_to_several_orders() -> None:
    client, orders = Client(), [OrderFactory(), OrderFactory()]
    for order in orders:
        client.get(f"/o/{token_of(order)}/")

    assert [client.get(f"/order/{order.reference}/").status_code for order in orders] == [200, 200]


def test_a_revoked_link_opens_nothing_and_ends_what_it_opened() -> None:
    order = OrderFactory()
    client, token = Client(), token_of(order)
    client.get(f"/o/{token}/")

    revoke_order_links(order_ref=order.reference, actor_id=None, now=NOON)

    assert client.get(f"/order/{order.reference}/").status_code == 403
    assert client.get(f"/o/{token}/").status_code == 404


def test_a_forged_cookie_opens_nothing() -> None:
    order = OrderFactory()
    token_of(order)
    client = Client()
    client.cookies[f"trinity_orders_{settings.PORT}"] = "[1]:forged:signature"

    assert client.get(f"/order/{order.reference}/").status_code == 403


def test_unknown_and_revoked_links_look_alike() -> None:
    order = OrderFactory()
    token = token_of(order)
    revoke_order_links(order_ref=order.reference, actor_id=None, now=NOON)

    revoked, unknown = Client().get(f"/o/{token}/"), Client().get("/o/nothing-like-it/")

    assert (revoked.status_code, revoked.content) == (unknown.status_code, unknown.content)
    assert "Send me my order link" in revoked.content.decode()
    assert revoked.headers["Referrer-Policy"] == "no-referrer"


def test_whoever_guesses_tokens_is_slowed_down_and_a_true_link_still_opens() -> None:
    token, guesser = token_of(OrderFactory()), Client()

    statuses = [guesser.get(f"/o/guess-{n}/").status_code for n in range(WRONG_TOKENS_PER_HOUR + 1)]

    assert statuses == [404] * WRONG_TOKENS_PER_HOUR + [429]
    assert guesser.get(f"/o/{token}/").status_code == 302


def test_known_and_unknown_addresses_get_the_same_answer() -> None:
    OrderFactory()

    known = ask(Client(), "ada@buyer.example")
    unknown = ask(Client(), "nobody@nowhere.example")

    assert known == unknown == (302, "/order-link/sent/", b"")
    assert sorted(OrderLinkRequest.objects.values_list("email", flat=True)) == [
        "ada@buyer.example",
        "nobody@nowhere.example",
    ]


def test_known_and_unknown_addresses_cost_the_same_statements(
    django_assert_num_queries: object,
) -> None:
    OrderFactory()
    costs = []
    for email in ("ada@buyer.example", "nobody@nowhere.example"):
        with django_assert_num_queries(3) as queries:
            ask(Client(), email)
        costs.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries])

    assert costs[0] == costs[1]


def test_an_address_that_is_asked_for_too_often_gets_the_same_answer_and_no_request() -> None:
    answers = [
        ask(Client(), "ada@buyer.example", REMOTE_ADDR=f"10.0.0.{n}")
        for n in range(REQUESTS_PER_ADDRESS + 2)
    ]

    assert set(answers) == {(302, "/order-link/sent/", b"")}
    assert OrderLinkRequest.objects.count() == REQUESTS_PER_ADDRESS


def test_a_visitor_who_asks_too_often_is_told_so() -> None:
    client = Client()

    answers = [ask(client, f"a{n}@buyer.example")[0] for n in range(REQUESTS_PER_VISITOR + 1)]

    assert answers == [302] * REQUESTS_PER_VISITOR + [429]
    assert OrderLinkRequest.objects.count() == REQUESTS_PER_VISITOR


@pytest.mark.parametrize("email", ["", "not-an-address", "a@b", f"{'a' * 300}@buyer.example"])
def test_what_is_no_address_is_said_beside_the_field(email: str) -> None:
    status, _location, body = ask(Client(), email)

    assert status == 400
    assert "No e-mail was sent yet." in body.decode()
    assert OrderLinkRequest.objects.count() == 0


def test_the_form_needs_its_token() -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post("/order-link/", {"email": "ada@buyer.example"}).status_code == 403
    assert OrderLinkRequest.objects.count() == 0


def test_only_who_reviews_orders_may_take_links_back() -> None:
    order = OrderFactory()
    token = token_of(order)
    path = f"/console/orders/{order.reference}/links/revoke/"

    auditor = client_of(make_person("auditor")).post(path)
    still = Client().get(f"/o/{token}/").status_code
    operator = client_of(make_person("operator")).post(path)

    assert (auditor.status_code, still) == (403, 302)
    assert (operator.status_code, operator.headers["Location"]) == (
        302,
        f"/console/orders/{order.reference}/",
    )
    assert Client().get(f"/o/{token}/").status_code == 404

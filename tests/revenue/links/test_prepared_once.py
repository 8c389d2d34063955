"""One form pressed twice, or sent again, prepares one thing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from crm.models import Activity, Deal
from revenue.models import CheckoutSession, Offer, PaymentLink
from tests.factories.crm import DealFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import OfferFactory
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]

VERBS = ("checkout", "payment-link")
KEY = re.compile(r'name="form_key" value="([^"]+)"')
Press = Callable[..., Any]


@pytest.fixture
def operator(seller: User) -> Client:
    return client_of(seller)


def key_on(page: Any) -> str:
    return str(KEY.findall(page.content.decode())[0])


@pytest.fixture
def press(operator: Client, deal: Deal, offer: Offer) -> Press:
    """Press one of the deal's buttons, as a form that was opened once."""
    key = key_on(operator.get(f"/console/deals/{deal.reference}/"))

    def call(verb: str, **changes: str) -> Any:
        sent = {"offer": offer.reference, "form_key": key, **changes}
        return operator.post(f"/console/deals/{deal.reference}/{verb}/", sent)

    return call


def at_stripe(outside: RunningSandbox) -> tuple[int, int]:
    client = outside.client()
    return (
        len(client.checkout.sessions.list({"limit": 100}).data),
        len(client.payment_links.list({"limit": 100}).data),
    )


def rows() -> tuple[int, int]:
    return CheckoutSession.objects.count(), PaymentLink.objects.count()


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_sent_again_shows_what_the_first_made(
    press: Press, outside: RunningSandbox, deal: Deal, verb: str
) -> None:
    first, second = press(verb), press(verb)

    assert first["Location"] == second["Location"]
    assert sum(rows()) == 1
    assert sum(at_stripe(outside)) == 1
    assert Activity.objects.filter(deal=deal).count() == 1


@pytest.mark.parametrize("verb", VERBS)
def test_it_shows_it_also_when_the_deal_was_won_meanwhile(
    press: Press, deal: Deal, verb: str
) -> None:
    first = press(verb)
    Deal.objects.filter(pk=deal.pk).update(stage="lost")

    assert press(verb)["Location"] == first["Location"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_opened_anew_makes_another(
    press: Press, operator: Client, deal: Deal, verb: str
) -> None:
    page = operator.get(f"/console/deals/{deal.reference}/")
    assert "no-store" in page["Cache-Control"]

    first, second = press(verb), press(verb, form_key=key_on(page))

    assert first["Location"] != second["Location"]
    assert sum(rows()) == 2


def test_both_buttons_of_one_form_each_make_theirs(press: Press) -> None:
    for verb in VERBS * 2:
        press(verb)

    assert rows() == (1, 1)


@pytest.mark.parametrize("verb", VERBS)
def test_another_offer_chosen_in_the_same_form_is_another(press: Press, verb: str) -> None:
    other = OfferFactory(slug="other", amount_minor=200)

    press(verb), press(verb, offer=other.reference)

    assert sum(rows()) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_gets_at_another_deal_or_persons_with_the_same_key(
    press: Press, operator: Client, deal: Deal, offer: Offer, verb: str
) -> None:
    asked = {"offer": offer.reference, "form_key": "the same"}
    elsewhere = DealFactory(stage="qualified")

    press(verb, form_key="the same")
    operator.post(f"/console/deals/{elsewhere.reference}/{verb}/", asked)
    colleague = client_of(make_person("operator", email="second@example.com"))
    colleague.post(f"/console/deals/{deal.reference}/{verb}/", asked)

    assert sum(rows()) == 3


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_without_its_key_prepares_nothing(
    press: Press, operator: Client, deal: Deal, verb: str
) -> None:
    answer = press(verb, form_key="")

    assert answer["Location"] == f"/console/deals/{deal.reference}/"
    assert "press again" in operator.get(answer["Location"]).content.decode()
    assert rows() == (0, 0)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", VERBS)
def test_two_clicks_at_once_make_one(
    press: Press, outside: RunningSandbox, deal: Deal, verb: str
) -> None:
    start, seen = threading.Barrier(2), []

    def click() -> None:
        start.wait()
        seen.append(press(verb)["Location"])
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 2
    assert len(set(seen)) == 1
    assert sum(rows()) == 1
    assert sum(at_stripe(outside)) == 1
    assert Activity.objects.filter(deal=deal).count() == 1

"""NUL, which Postgres stores in no text: leads nowhere, fits nothing, breaks nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.people import client_of, make_person
from tests.factories.revenue import OfferFactory
from tests.outside import pages_find_stripe_away

__all__ = ["pages_find_stripe_away"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_find_stripe_away")]

PUBLIC = (
    "/return/?session_id=%00",
    "/order/%00/",
    "/checkout/%00/",
    "/offers/%00/",
    "/o/%00/",
)
RECORDS = (
    *("orders", "deals", "contacts", "companies", "runs", "ledger", "trace"),
    *("events", "outbox", "offers", "payment-links", "checkouts"),
)
LISTS = (
    "search/?q=%00",
    "search/?q=ada%00&q=%00",
    "events/?type=%00&mode=%00",
    "orders/?offer=%00&before=%00",
    "?%00=%00",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_strangers_address_with_it_is_not_found(address: str) -> None:
    assert Client().get(address).status_code == 404


def test_no_record_of_the_console_is_called_by_it() -> None:
    owner = client_of(make_person("owner"))

    found = {name: owner.get(f"/console/{name}/%00/").status_code for name in RECORDS}

    assert found == dict.fromkeys(RECORDS, 404)


@pytest.mark.parametrize("address", LISTS)
def test_it_fits_nothing(address: str) -> None:
    owner = client_of(make_person("owner"))

    assert owner.get(f"/console/{address}").status_code == 200


def test_the_search_says_that_nothing_fits() -> None:
    owner = client_of(make_person("owner"))

    assert "Nothing fits." in owner.get("/console/search/?q=%00").content.decode()


def test_a_form_with_it_prepares_nothing() -> None:
    OfferFactory()
    operator = client_of(make_person("operator"))

    answer = operator.post("/console/deals/deal_x/checkout/", {"offer": "\0", "form_key": "\0"})

    assert answer["Location"] == "/console/deals/deal_x/"


def test_what_looks_like_it_is_taken() -> None:
    owner = client_of(make_person("owner"))

    page = owner.get("/console/search/?q=%2500").content.decode()

    assert 'value="%00"' in page

"""A session's id, which opens the buyer's order, is whole only where links of buyers are."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from revenue.models import Order, StripeWebhookEvent
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, CheckoutFactory, filed, refund_object, session_object
from tests.revenue.conftest import clock, deaf_gateway, process
from trinity.middleware import CutSessionIds

__all__ = ["clock", "deaf_gateway", "process"]

pytestmark = pytest.mark.django_db
SECRET = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9"
SESSION = f"cs_test_{SECRET}"
MIDDLE = SECRET[8:-8]
LINK = re.compile(r'href="(/(?:console|admin)/[^"#]*)"')
PAGES_MAX = 300


@pytest.fixture
def sale(process: Callable[[], list[StripeWebhookEvent]]) -> Order:
    checkout = CheckoutFactory(stripe_id=SESSION, opened_at=NOON)
    paid = session_object(checkout, payment_intent="pi_3Test0000001")
    filed("checkout.session.completed", paid)
    filed("refund.updated", refund_object(checkout, amount=40, payment_intent="pi_3Test0000001"))
    filed("checkout.session.expired", {**paid, "status": "weird"})
    events = process()
    assert [event.state for event in events] == ["processed", "processed", "dead"], [
        (event.error_class, event.error) for event in events
    ]
    return Order.objects.get()


def pages(client: Client) -> dict[str, str]:
    """Every page that links lead to, from the two front pages."""
    found: dict[str, str] = {}
    ahead = ["/console/", "/admin/", f"/console/trace/{SESSION}/", f"/console/search/?q={SESSION}"]
    while ahead and len(found) < PAGES_MAX:
        address = ahead.pop()
        if address in found or "logout" in address:
            continue
        answer = client.get(address.replace("&amp;", "&"), follow=True)
        found[address] = answer.content.decode()
        ahead += LINK.findall(found[address])
    return found


def test_an_auditor_sees_it_cut_wherever_links_lead(sale: Order) -> None:
    seen = pages(client_of(make_person("auditor")))

    assert [address for address, page in seen.items() if MIDDLE in page] == []
    naming = [address for address, page in seen.items() if "cs_test_a1B2c…" in page]
    for page in ("/console/trace/", "/console/events/", "/console/orders/", "/admin/revenue/"):
        assert any(address.startswith(page) for address in naming), page


def test_an_operator_sees_it_whole(sale: Order) -> None:
    seen = pages(client_of(make_person("operator")))

    naming = [address for address, page in seen.items() if SESSION in page]
    for page in ("/console/trace/", "/console/events/", "/console/orders/", "/admin/revenue/"):
        assert any(address.startswith(page) for address in naming), page


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("cs_live_abcdefghijkl", "cs_live_abcde…ghijkl"),
        ("cs_abcdefghijklm", "cs_abcde…hijklm"),
        ("cs_test_short", "cs_test_short"),
        ("ecs_test_abcdefghijklmnop", "ecs_test_abcdefghijklmnop"),
        ('cs_test_abcde<span class="ref-cut">xyz</span>ghijkl', "cs_test_abcde…ghijkl"),
        ("session:cs_test_abcdefghijkl:paid", "session:cs_test_abcde…ghijkl:paid"),
    ],
)
def test_how_it_is_cut(written: str, shown: str) -> None:
    class Auditor:
        is_authenticated = True

        def has_perm(self, _permission: str) -> bool:
            return False

    request = HttpRequest()
    request._cached_user = Auditor()

    answer = CutSessionIds(lambda _request: HttpResponse(written))(request)

    assert answer.content.decode() == shown

"""How far people came, counted from what happened: no step is ever taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.queries.dashboard import Funnel, build_dashboard
from crm import operations as crm_operations
from crm import queries as crm
from crm.usecases.review_lead import accept_lead, decline_lead
from revenue.models import Offer, OfferViews
from revenue.queries.funnel import purchase_funnels
from revenue.usecases.keep_views import is_machine, keep_views
from tests.conftest import NOON
from tests.console.sales import direct_sale, lead, pay, prepared_checkout, whole_sale
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, OfferFactory, filed, session_object

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def operator() -> User:
    return make_person("operator")


def funnel(title: str, *, now: datetime = NOON) -> dict[str, int | None]:
    found: list[Funnel] = [
        each
        for each in build_dashboard(now=now).funnels
        if (each.title, each.mode) == (title, "sandbox")
    ]
    return {step.words: step.times for each in found for step in each.steps}


def purchases(now: datetime = NOON) -> dict[str, int | None]:
    return funnel("From the offer page", now=now)


def requests(now: datetime = NOON) -> dict[str, int | None]:
    return funnel("From a request", now=now)


def declined_try(process: Process) -> Any:
    """A buyer pressed Pay, and the bank declined the card."""
    checkout = CheckoutFactory()
    failed = {
        "id": f"pi_{checkout.reference[4:]}", "object": "payment_intent",
        "amount": 100, "currency": "usd", "status": "requires_payment_method",
        "metadata": {"checkout_ref": checkout.reference},
        "last_payment_error": {"code": "card_declined", "charge": "ch_1Declined00000"},
    }  # fmt: skip
    filed("payment_intent.payment_failed", failed)
    process()
    return checkout


def test_purchases_are_counted_from_what_happened(process: Process) -> None:
    CheckoutFactory()  # pressed Pay, and left
    CheckoutFactory(state="expired", expired_at=NOON)
    declined_try(process)
    second_try = declined_try(process)
    pay(second_try, process)
    direct_sale(process)
    failed = CheckoutFactory()
    filed("checkout.session.completed", session_object(failed, payment_status="unpaid"))
    filed("checkout.session.async_payment_failed", session_object(failed, payment_status="unpaid"))
    process()

    assert purchases() == {"Offer seen": None, "Pay pressed": 6, "Card tried": 4, "Paid": 2}


def test_views_that_nobody_counted_are_not_called_none() -> None:
    CheckoutFactory()

    page = client_of(make_person("operator")).get("/console/").content.decode()

    row = page.partition('scope="row">Offer seen</th>')[2].partition("</tr>")[0]
    assert 'class="n">not counted</td>' in row


def test_requests_are_counted_apart_and_never_fall_back(process: Process, operator: User) -> None:
    lead()
    declined = lead()
    decline_lead(deal_ref=declined, reason="no", actor_id=operator.pk, now=NOON)
    accepted = lead()
    accept_lead(deal_ref=accepted, actor_id=operator.pk, now=NOON)
    whole_sale(process, operator_id=operator.pk)
    direct_sale(process)  # no request: not counted here

    assert requests() == {"Requests": 4, "Accepted": 2, "Link sent": 1, "Paid": 1}
    assert purchases()["Pay pressed"] == 1


def test_a_deal_that_failed_and_was_lost_keeps_the_steps_it_took(
    process: Process, operator: User
) -> None:
    from_request = lead()
    accept_lead(deal_ref=from_request, actor_id=operator.pk, now=NOON)
    checkout = prepared_checkout(crm.deal_for_sale(from_request))
    crm_note_link(checkout, operator)
    deal_id = checkout.deal_id
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_deal SET stage = 'lost' WHERE id = %s", [deal_id])

    assert requests() == {"Requests": 1, "Accepted": 1, "Link sent": 1, "Paid": 0}
    (shown,) = [each for each in build_dashboard(now=NOON).funnels if each.lost is not None]
    assert shown.lost == 1


def crm_note_link(checkout: Any, operator: User) -> None:
    with transaction.atomic():
        crm_operations.checkout_prepared(
            deal_id=checkout.deal_id,
            checkout_ref=checkout.reference,
            actor_id=operator.pk,
            now=NOON,
        )


def look(offer: Offer, **headers: str) -> None:
    answer = Client().get(f"/offers/{offer.slug}/", headers={"User-Agent": FIREFOX, **headers})
    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies


def test_views_are_one_counter_per_version_mode_and_day_and_the_page_writes_nothing() -> None:
    offer, other = OfferFactory(), OfferFactory(slug="another")
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            look(offer)
    look(other)
    written = [q["sql"] for q in captured if not q["sql"].startswith("SELECT")]
    assert [sql for sql in written if "set_config" not in sql] == []
    assert not OfferViews.objects.exists()

    assert keep_views() == 2
    look(offer)
    assert keep_views() == 1
    assert keep_views() == 0

    today = datetime.now(UTC).date()
    assert set(OfferViews.objects.values_list("offer", "mode", "day", "times")) == {
        (offer.pk, "sandbox", today, 4),
        (other.pk, "sandbox", today, 1),
    }
    assert purchases(datetime.now(UTC))["Offer seen"] == 5
    assert {f.name for f in OfferViews._meta.fields} == {"id", "offer", "mode", "day", "times"}


def test_bots_and_what_is_fetched_ahead_are_left_out() -> None:
    offer = OfferFactory()
    for agent in ("Googlebot/2.1", "curl/8.5", "Mozilla/5.0 HeadlessChrome/140", ""):
        look(offer, **{"User-Agent": agent})
    look(offer, **{"Sec-Purpose": "prefetch"})
    Client().head(f"/offers/{offer.slug}/", headers={"User-Agent": FIREFOX})

    assert keep_views() == 0
    assert (is_machine(FIREFOX), is_machine("x" * 64_000)) == (False, False)


def test_counts_are_kept_again_when_keeping_them_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    look(OfferFactory())

    def fail(**_: object) -> None:
        raise RuntimeError("no database")

    with monkeypatch.context() as broken:
        broken.setattr(OfferViews, "add", fail)
        with pytest.raises(RuntimeError):
            keep_views()

    assert keep_views() == 1
    assert OfferViews.objects.get().times == 1


def test_only_the_window_counts() -> None:
    offer = OfferFactory()
    for days, times in ((0, 1), (29, 10), (30, 100)):
        day = (NOON - timedelta(days=days)).date()
        OfferViews.add(offer_id=offer.pk, mode="sandbox", day=day, times=times)

    assert purchases() == {"Offer seen": 11, "Pay pressed": 0, "Card tried": 0, "Paid": 0}


def test_a_funnel_that_counts_only_the_newest_says_so_in_each_mode(process: Process) -> None:
    declined_try(process)
    direct_sale(process)
    CheckoutFactory(mode="test")
    [sandbox, test] = purchase_funnels(since=NOON - timedelta(days=30), limit=3)

    assert (sandbox.pressed, sandbox.tried, test.pressed) == (2, 2, 1)
    assert (sandbox.is_cut_off, test.is_cut_off) == (True, True)
    assert not any(each.is_cut_off for each in purchase_funnels(since=NOON, limit=4))

"""A sale of several days: no time in its trace stands without its day."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from console.queries.trace import Trace, build_trace
from console.trace_text import as_text
from revenue.models import Order, StripeWebhookEvent
from tests.console.sales import Process, direct_sale
from tests.factories.revenue import dispute_object, filed, refund_object, session_object
from tests.owner import rewriting
from tests.revenue.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(process: Process, clock: Clock) -> Order:
    """Paid on 1 October, partly refunded on the 3rd, disputed on the 4th."""
    order = direct_sale(process)
    clock.forward(days=2)
    filed("refund.updated", refund_object(order.checkout, amount=40))
    process()
    clock.forward(days=1)
    filed("charge.dispute.created", dispute_object(order.checkout))
    process()
    return order


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page_of(browser: Client, order: Order) -> str:
    return browser.get(f"/console/trace/{order.trace_ref}/").content.decode()


def trace_of(order: Order) -> Trace:
    trace = build_trace(order.trace_ref)
    assert trace is not None
    return trace


def test_each_day_of_the_ledger_is_said_once(browser: Client, order: Order) -> None:
    ledger = words_of(page_of(browser, order).partition("In the ledger")[2])

    assert "1 Oct 2026 12:00:00" in ledger
    assert "3 Oct 2026 12:00:00" in ledger
    assert ledger.count("1 Oct 2026") == ledger.count("3 Oct 2026") == 1


def test_each_day_of_the_ledger_is_said_in_the_shell(order: Order) -> None:
    ledger = as_text(trace_of(order)).partition("Ledger ")[2].splitlines()

    assert ledger[1] == "    2026-10-01"
    assert ledger.count("    2026-10-01") == ledger.count("    2026-10-03") == 1


def test_an_attempt_of_another_day_says_so(
    browser: Client, process: Process, clock: Clock, order: Order
) -> None:
    filed("checkout.session.completed", session_object(order.checkout), id="evt_tried_late")
    clock.forward(days=5)
    process()

    assert "9 Oct 2026 12:00:00 delivery: duplicate, no change" in words_of(page_of(browser, order))
    assert "2026-10-09 12:00:00.000 delivery: duplicate, no change" in as_text(trace_of(order))
    assert "1 Oct 2026 12:00:00 delivery: recorded" not in words_of(page_of(browser, order))


def test_a_folded_event_of_another_day_says_so(
    browser: Client, process: Process, order: Order
) -> None:
    event = filed("payment_intent.created", {"id": order.payment_intent_id, "object": "x"})
    process()
    later = event.received_at.replace(day=7)
    with rewriting(StripeWebhookEvent):
        StripeWebhookEvent.objects.filter(pk=event.pk).update(received_at=later)

    folded = page_of(browser, order).partition("kept: nothing to do</summary>")[2]

    assert words_of(folded).startswith("7 Oct 2026 12:00:00 ")

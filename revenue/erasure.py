"""What the sale keeps about a person, for whoever erases them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from crm import queries as crm
from kernel.erasure import Counts, Eraser, ErasureResult, Person, StoredData
from revenue.operations.emptying import empty_events
from revenue.operations.erasing import erase_subject, lock_sales
from revenue.providers import gateway_for_worker
from revenue.queries import persons
from revenue.queries.bodies import bodies_about

CONTACTS: Final = "crm_contact"
ORDERS: Final = "revenue_order"
EVENTS: Final = "revenue_stripewebhookevent"
BATCH: Final = 200


class SaleEraser(Eraser):
    """Buyers on orders, addresses of mails, people's reasons, and the bodies of Stripe's events.

    Buyers are found by the contact that crm knows, by the address on orders, and by the address in
    what Stripe wrote. That reads every body that is left: for the rare day on which it is asked.
    """

    erases = {
        ORDERS: frozenset({"buyer_email", "buyer_name", "card_digest"}),
        "revenue_buyermail": frozenset({"to_address"}),
        "revenue_orderlinkrequest": frozenset({"email"}),
        "revenue_ordernote": frozenset({"words"}),
        "revenue_orderreview": frozenset({"reason"}),
        "revenue_doubleverdict": frozenset({"reason"}),
        "revenue_refundpaidelsewhere": frozenset({"reason"}),
        "revenue_excesssettlement": frozenset({"reason"}),
        "revenue_refundrequest": frozenset({"reason"}),
        "revenue_eventclosing": frozenset({"reason"}),
        EVENTS: frozenset({"body"}),
        "revenue_eventalarm": frozenset({"body"}),
        "revenue_eventrendering": frozenset({"body"}),
    }
    counts = ("orders", "mails", "events")

    def is_known_as(self, text: str) -> bool:
        """Say whether a buyer is kept under exactly this text."""
        return persons.is_named(text)

    def recognise(self, person: Person) -> Person:
        """Know them by their orders, and by what Stripe wrote about these and about them."""
        contact_ids = list(person.rows[CONTACTS])
        orders = persons.orders_of(contact_ids, person.emails)
        # Of an address that nobody can read, each payment makes a contact without one.
        contact_ids += crm.contacts_without_address(
            [each.contact_id for each in orders if each.contact_id]
        )
        orders = persons.orders_of(contact_ids, person.emails)
        emails = person.emails | {order.buyer_email for order in orders if order.buyer_email}
        return replace(
            person,
            emails=emails,
            rows={
                **person.rows,
                CONTACTS: contact_ids,
                ORDERS: [order.pk for order in orders],
                EVENTS: bodies_about(contact_ids=contact_ids, emails=sorted(emails)),
            },
        )

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return orders, mails, reasons and events."""
        order_ids, event_ids = person.rows[ORDERS], person.rows[EVENTS]
        return (
            StoredData(
                what="name and address on orders",
                refs=persons.order_refs(order_ids),
                stands_for_person=True,
            ),
            StoredData(what="address of mails", refs=persons.addressed_mail_refs(order_ids)),
            StoredData(
                what="reasons that people wrote",
                count=persons.count_reasons(event_ids=event_ids, order_ids=order_ids),
            ),
            StoredData(
                what="bodies of Stripe's events",
                refs=persons.event_refs(event_ids),
                stands_for_person=True,
            ),
        )

    def in_the_way(self, person: Person) -> Sequence[str]:
        """Return what is under way about their orders."""
        return persons.in_the_way(person.rows[ORDERS])

    def still_open(self, person: Person) -> Sequence[str]:
        """Return what was prepared for their deals and may still be paid."""
        payable = persons.still_payable(person.rows[CONTACTS])
        if not payable:
            return ()
        return (
            f"Still open: {', '.join(payable)}. Whoever pays there is known again: switch "
            "links off on their pages; checkouts close within a day.",
        )

    def batches(self, person: Person, now: datetime) -> Iterator[Callable[[], Counts]]:
        """Yield the emptying of events: there may be many, each of many bytes."""
        event_ids = person.rows[EVENTS]
        for start in range(0, len(event_ids), BATCH):
            yield partial(_empty, event_ids[start : start + BATCH], now=now)

    def lock(self, person: Person) -> None:
        """Hold their checkouts and orders."""
        lock_sales(person.rows[ORDERS])

    def blank(self, person: Person, now: datetime) -> ErasureResult:
        """Blank the rest; references, states, amounts, times and digests stay."""
        order_ids = person.rows[ORDERS]
        counts = erase_subject(
            email=person.email, order_ids=order_ids, event_ids=person.rows[EVENTS], now=now
        )
        return ErasureResult(refs=persons.order_refs(order_ids), counts=counts)


def _empty(event_ids: Sequence[int], *, now: datetime) -> Counts:
    digest = gateway_for_worker().fact_digest
    return {"events": empty_events(event_ids, digest=digest, now=now)}


ERASER: Final = SaleEraser()

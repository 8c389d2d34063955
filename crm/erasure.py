"""What the relationship keeps about a person, for whoever erases them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from approvals import operations as approvals
from crm import operations, queries
from kernel.erasure import Eraser, ErasureResult, Person, StoredData

CONTACTS: Final = "crm_contact"


class RelationshipEraser(Eraser):
    """The contact, their timeline, deals' titles, companies of one, spam, and what was asked."""

    erases = {
        CONTACTS: frozenset({"name", "email", "email_key", "stripe_customer_id"}),
        "crm_activity": frozenset({"words", "words_salt"}),
        "crm_deal": frozenset({"title"}),
        "crm_company": frozenset({"name", "name_key", "domain", "website"}),
        "crm_trappedrequest": frozenset(
            {"name", "email", "email_key", "company", "website", "wish"}
        ),
        **approvals.ERASES,
    }

    def recognise(self, person: Person) -> Person:
        """Know them by the contact of that address."""
        known = queries.contact_by_email(person.email)
        return replace(
            person,
            emails=person.emails | ({known.email} if known else set()),
            rows={**person.rows, CONTACTS: [known.id] if known else []},
        )

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return contacts, deals, and requests whose address anybody may have written."""
        contact_ids = person.rows[CONTACTS]
        return (
            StoredData(
                what="contact, its timeline, and companies where nobody else is known",
                refs=queries.contact_refs(contact_ids),
                stands_for_person=True,
            ),
            StoredData(what="titles of deals", refs=list(queries.deal_refs(contact_ids).values())),
            StoredData(
                what="requests that looked like spam",
                refs=queries.trapped_refs_of(person.email),
                stands_for_person=True,
                is_claimed=True,
            ),
        )

    def lock(self, person: Person) -> None:
        """Hold their contacts and deals: who claims or decides about one of these waits."""
        operations.lock_contacts(person.rows[CONTACTS])

    def blank(self, person: Person, now: datetime) -> ErasureResult:
        """Blank all of it; stages, amounts, times and references stay."""
        contact_ids = person.rows[CONTACTS]
        touched = operations.erase_subject(email=person.email, contact_ids=contact_ids, now=now)
        asked = approvals.erase_words(trace_refs=queries.trace_refs(contact_ids), now=now)
        return ErasureResult(refs=[*touched, *asked], counts={})


ERASER: Final = RelationshipEraser()

"""What toolrouter keeps about a person: words of their runs, of agents and of colleagues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kernel.erasure import Eraser, ErasureResult, Person, StoredData
from toolrouter.models import PurchaseReceipt
from toolrouter.operations.erasing import (
    erase_asked,
    erase_purchases,
    erase_reasons,
    lock_runs_about,
)
from toolrouter.queries.persons import calls_about, purchases_about, reasons_about

CONTACTS: Final = "crm_contact"
_REASON: Final = frozenset({"reason", "reason_salt"})


class RunsEraser(Eraser):
    """Words of the runs that know of the person: an agent's, and why somebody stopped them."""

    erases = {
        "toolrouter_safetychange": _REASON,
        "toolrouter_stop": _REASON | {"release_reason", "release_reason_salt"},
        "toolrouter_incident": _REASON | {"close_reason", "close_reason_salt"},
        "toolrouter_toolcall": frozenset({"asked", "asked_salt"}),
        "toolrouter_purchase": _REASON | {"vendor_name", "what", "words_salt"},
        "toolrouter_purchasereceipt": PurchaseReceipt.ERASABLE,
    }

    def recognise(self, person: Person) -> Person:
        """Know nobody: a person is whom crm knows."""
        return person

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return the records whose words may speak of them."""
        contact_ids = person.rows.get(CONTACTS, ())
        return (
            StoredData(
                what="reasons of stops, incidents and safety changes",
                refs=reasons_about(contact_ids),
            ),
            StoredData(what="what an agent asked for in tool calls", refs=calls_about(contact_ids)),
            StoredData(
                what="manual purchases, and their receipts", refs=purchases_about(contact_ids)
            ),
        )

    def lock(self, person: Person) -> None:
        """Hold what their runs are decided by: nobody proposes, decides or claims meanwhile."""
        lock_runs_about(person.rows.get(CONTACTS, ()))

    def blank(self, person: Person, _now: datetime) -> ErasureResult:
        """Blank them; who did what and when, and what was decided, stays."""
        contact_ids = person.rows.get(CONTACTS, ())
        blanked = [
            *erase_reasons(contact_ids),
            *erase_asked(contact_ids),
            *erase_purchases(contact_ids),
        ]
        return ErasureResult(refs=blanked, counts={})


ERASER: Final = RunsEraser()

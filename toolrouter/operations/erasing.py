"""Blanking words about a person, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from toolrouter.models import Incident, Purchase, PurchaseReceipt, SafetyChange, Stop, ToolCall
from toolrouter.operations.locking import lock_grants
from toolrouter.queries.persons import calls_about, purchases_about, reasons_about, runs_about


def lock_runs_about(contact_ids: Sequence[int]) -> None:
    """Hold the runs that know of these contacts: their calls stay as they are until COMMIT."""
    lock_grants(runs_about(contact_ids) if contact_ids else [])


def erase_reasons(contact_ids: Sequence[int]) -> list[str]:
    """Blank the reasons that may speak of these contacts; return the records they stood on."""
    refs = reasons_about(contact_ids)
    SafetyChange.objects.filter(reference__in=refs).update(reason="", reason_salt="")
    Stop.objects.filter(reference__in=refs).update(
        reason="", reason_salt="", release_reason="", release_reason_salt=""
    )
    Incident.objects.filter(reference__in=refs).update(
        reason="", reason_salt="", close_reason="", close_reason_salt=""
    )
    return refs


def erase_asked(contact_ids: Sequence[int]) -> list[str]:
    """Blank what was asked in calls that may speak of these contacts; return those calls."""
    refs = calls_about(contact_ids)
    ToolCall.objects.filter(reference__in=refs).update(asked="", asked_salt="")
    return refs


def erase_purchases(contact_ids: Sequence[int]) -> list[str]:
    """Blank the words of purchases that may speak of these contacts, and the files of receipts.

    What was paid, when and to which domain stays. Return those purchases.
    """
    refs = purchases_about(contact_ids)
    Purchase.objects.filter(reference__in=refs).update(
        vendor_name="", what="", words_salt="", reason="", reason_salt=""
    )
    PurchaseReceipt.objects.filter(purchase__reference__in=refs).update(
        content=b"", sha256="", salt=""
    )
    return refs

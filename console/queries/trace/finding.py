"""Which sale a reference belongs to, whatever sort of reference it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from crm import queries as crm
from fulfillment import queries as fulfillment
from ledger import queries as ledger
from revenue import queries as revenue
from toolrouter import queries as toolrouter

REFERENCE_CHARS_MAX: Final = 255

KINDS: Final = (
    "a trace (trc_…), deal (deal_…), contact (con_…), checkout (chk_…), payment link (plk_…), "
    "order (ord_…), revenue event (rev_…), refund request (rfq_…), intake (int_…), run (run_…), "
    "tool call (call_…), purchase (pur_…), mail (mail_…), alert (alr_…) or ledger entry (led_…), "
    "and Stripe's evt_…, cs_…, pi_…, ch_…, re_…, dp_…, du_… and plink_…"
)


def _of_deal(reference: str) -> str:
    deal = crm.deal_for_sale(reference)
    return deal.trace_ref if deal else ""


def _of_intake(reference: str) -> str:
    intake = fulfillment.intake_by_reference(reference)
    return intake.trace_ref if intake else ""


def _of_run(reference: str) -> str:
    run = fulfillment.run_by_reference(reference)
    return run.trace_ref if run else ""


def _of_run_event(reference: str) -> str:
    run = fulfillment.run_of_event(reference)
    return run.trace_ref if run else ""


def _of_entry(reference: str) -> str:
    entry = ledger.entry_row(reference)
    return entry.trace_ref if entry else ""


def _of_call(reference: str) -> str:
    call = toolrouter.call_by_reference(reference)
    return call.row.trace_ref if call else ""


def _itself(reference: str) -> str:
    return reference


FINDERS: Final[Mapping[str, Callable[[str], str]]] = {
    "trc": _itself,
    "deal": _of_deal,
    "int": _of_intake,
    "run": _of_run,
    "rne": _of_run_event,
    "led": _of_entry,
    "call": _of_call,
    "pur": toolrouter.trace_of_purchase,
}


def traces_of(reference: str) -> list[str]:
    """Return the traces that any reference of a sale belongs to; none where it is not known.

    Only a person may have several: the newest ones, newest first.
    """
    reference = reference.strip()
    if not reference or len(reference) > REFERENCE_CHARS_MAX:
        return []
    if reference.startswith("con_"):
        return _of_contact(reference)
    find = FINDERS.get(reference.partition("_")[0], revenue.trace_of)
    return [trace_ref for trace_ref in [find(reference)] if trace_ref]


def trace_of(reference: str) -> str:
    """Return the newest of ``traces_of``; "" where there is none."""
    return next(iter(traces_of(reference)), "")


def _of_contact(reference: str) -> list[str]:
    contact = crm.contact_by_reference(reference)
    deals = crm.deals_of_contact(contact.id) if contact else []
    return list(dict.fromkeys(deal.trace_ref for deal in deals))

"""Tool calls as pages show them: plain values, no way back to the tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords
from toolrouter.approval_rules import PERMISSIONS
from toolrouter.enums import CALLS, CallState
from toolrouter.models import ProviderReceipt, ToolCall
from toolrouter.ports import Operation
from toolrouter.queries.decided_from import decided_from
from toolrouter.registry import read_arguments, registry
from toolrouter.vocabulary import Code, Risk

ROWS_PER_PAGE: Final = 50
SHOWN_OF_A_TRACE_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call, without what was asked."""

    reference: str
    title: str
    operation: str
    risk: str
    state: str
    codes: tuple[Code, ...]
    run_ref: str
    subject_ref: str
    trace_ref: str
    mode: str
    asked_at: datetime

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return CALLS[self.state]

    @property
    def reason(self) -> str:
        """Return why it was denied, in a word or two; "" where it was not."""
        return str(self.codes[0]).replace("_", " ") if self.codes else ""

    @property
    def is_about_deal(self) -> bool:
        """Say whether it is about a deal, which has a page."""
        return self.subject_ref.startswith("deal_")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """What the provider's own record says of what was done, beside what was approved."""

    state_words: OperatorWords
    provider: str
    provider_ref: str
    asked: Money | None
    read: Money | None
    read_at: datetime | None
    differs: Sequence[str]
    incident_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """One call with all that is kept of it; ``asked`` is empty where it was erased."""

    row: CallRow
    key: str
    credential_ref: str
    project_ref: str
    asked: str
    is_asked_erased: bool
    asked_digest: str
    policy_version: int
    facts: Sequence[tuple[str, str]]
    result_refs: Sequence[str]
    result_digest: str
    runs: int
    again_of: str
    again_by: str
    amount: Money | None
    approval_ref: str
    claimed_at: datetime | None
    unknown_at: datetime | None
    closed_at: datetime | None
    receipt: ReceiptRow | None

    @property
    def purchase_ref(self) -> str:
        """Return the purchase that it was handed over as; "" where it was not."""
        return next((ref for ref in self.result_refs if ref.startswith("pur_")), "")

    @property
    def again_permission(self) -> str:
        """Return what a person needs to have it asked again; "" where nobody can."""
        is_over = self.row.state in (CallState.DENIED, CallState.FAILED) and self.row.run_ref
        if not is_over or self.is_asked_erased or not self.row.risk:
            return ""
        return PERMISSIONS.get(Risk(self.row.risk), "")

    @property
    def risk_words(self) -> str:
        """Return the class of the operation in words."""
        return self.row.risk.replace("_", " ")


def calls_page(
    *, cursor: Cursor, state: str = "", code: str = "", mode: str = "", run_ref: str = ""
) -> Page[CallRow]:
    """Return calls, newest first, narrowed where something is named. One statement."""
    calls = ToolCall.objects.all()
    if state:
        calls = calls.filter(state=state)
    if code:
        calls = calls.filter(codes__contains=[code])
    if mode:
        calls = calls.filter(mode=mode)
    if run_ref:
        calls = calls.filter(grant__run_ref=run_ref)
    return page_of(calls, cursor=cursor, limit=ROWS_PER_PAGE).map(call_row)


def calls_of_trace(trace_ref: str) -> list[CallRow]:
    """Return the newest calls of a sale, oldest first. One statement."""
    return _oldest_first(ToolCall.objects.filter(trace_ref=trace_ref))


def calls_of_run(run_ref: str) -> list[CallRow]:
    """Return the newest calls of a run, oldest first. One statement."""
    return _oldest_first(ToolCall.objects.filter(grant__run_ref=run_ref))


def _oldest_first(calls: QuerySet[ToolCall]) -> list[CallRow]:
    newest = calls.order_by("-pk")[:SHOWN_OF_A_TRACE_MAX]
    return [call_row(call) for call in reversed(newest)]


def call_by_reference(reference: str) -> CallDetail | None:
    """Return one call, or None. One statement."""
    calls = ToolCall.objects.select_related("again_of", "again_by", "receipt__incident")
    call = calls.filter(reference=reference).first()
    if call is None:
        return None
    return CallDetail(
        row=call_row(call),
        key=call.key or "",
        credential_ref=call.credential_ref,
        project_ref=call.project_ref,
        asked=_readable(call.asked),
        is_asked_erased=call.grant_id is not None and not call.asked_salt,
        asked_digest=call.asked_digest,
        policy_version=call.policy_version,
        facts=decided_from(call.facts, currency=call.currency),
        result_refs=call.result_refs,
        result_digest=call.result_digest,
        runs=call.runs,
        again_of=call.again_of.reference if call.again_of else "",
        again_by=call.again_by.email if call.again_by else "",
        amount=_money(call.amount_minor, call.currency),
        approval_ref=call.approval_ref,
        claimed_at=call.claimed_at,
        unknown_at=call.unknown_at,
        closed_at=call.closed_at,
        receipt=_receipt_row(call),
    )


def editable_words(reference: str) -> dict[str, Any] | None:
    """Return the arguments of a call that a person may edit; None for any other. One statement."""
    call = ToolCall.objects.filter(reference=reference).first()
    entry = registry().find(call.operation) if call else None
    if call is None or not call.asked_salt or not isinstance(entry, Operation):
        return None
    reading = read_arguments(entry, json.loads(call.asked)["arguments"])
    if not entry.editable or reading.arguments is None:
        return None
    return reading.arguments.model_dump()


def _receipt_row(call: ToolCall) -> ReceiptRow | None:
    receipt: ProviderReceipt | None = getattr(call, "receipt", None)
    if receipt is None:
        return None
    return ReceiptRow(
        state_words=receipt.state_words,
        provider=receipt.provider,
        provider_ref=receipt.provider_ref,
        asked=_money(receipt.asked_minor, receipt.asked_currency),
        read=_money(receipt.read_minor, receipt.read_currency),
        read_at=receipt.read_at,
        differs=receipt.differs,
        incident_ref=receipt.incident.reference if receipt.incident else "",
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None or not currency else Money(minor, currency)


def call_row(call: ToolCall) -> CallRow:
    """Read one call."""
    return CallRow(
        reference=call.reference,
        title=registry().title_of(call.operation),
        operation=call.operation,
        risk=call.risk,
        state=call.state,
        codes=tuple(Code(code) for code in call.codes),
        run_ref=call.run_ref,
        subject_ref=call.subject_ref,
        trace_ref=call.trace_ref,
        mode=call.mode,
        asked_at=call.asked_at,
    )


def _readable(asked: str) -> str:
    """Return what was asked as people read it: what nobody sees stays escaped, and so seen."""
    try:
        found = json.loads(asked)
    except ValueError:  # cut, or blanked
        return asked
    text = json.dumps(found, indent=2, ensure_ascii=False)
    return "".join(_seen(char) for char in text)


def _seen(char: str) -> str:
    return char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}"

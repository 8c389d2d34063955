"""The provider's own record of what was done is read and compared with what was approved."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import transaction

from kernel.exchanges import Clock
from kernel.money import Money
from kernel.retries import CallFailed
from toolrouter.enums import IncidentKind, ReceiptState, Scope
from toolrouter.exchanges.sweeping import one_by_one
from toolrouter.models import Incident, ProviderReceipt
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import effect_of
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.locking import lock_settings
from toolrouter.operations.receipts import enter_receipt
from toolrouter.ports import ProviderRecord
from toolrouter.receipts import differences

logger = logging.getLogger(__name__)


def read_receipts(*, clock: Clock, limit: int = 20) -> int:
    """Read what was not read yet. Returns how many were compared.

    They are drawn by chance, so that those which cannot be read hold up no other for ever.
    """
    pending = ProviderReceipt.objects.filter(state=ReceiptState.PENDING).order_by("?")
    references = list(pending.values_list("call__reference", flat=True)[:limit])
    return one_by_one(references, partial(read_receipt, clock=clock))


def read_receipt(call_ref: str, *, clock: Clock) -> bool:
    """Compare the provider's record of one call; say whether it answered.

    What differs opens an incident, and the project is on hold in the same commit.
    """
    receipt = (
        ProviderReceipt.objects.select_related("call")
        .filter(call__reference=call_ref, state=ReceiptState.PENDING)
        .first()
    )
    if receipt is None:
        return False
    try:
        record = effect_of(receipt.call).read(receipt.provider_ref)
    except CallFailed as error:
        logger.warning("receipt not read", extra={"call": call_ref, "code": error.code})
        return False
    with transaction.atomic(durable=True):
        _compare(receipt, record, now=clock())
    return True


def _compare(receipt: ProviderReceipt, record: ProviderRecord, *, now: datetime) -> None:
    call = receipt.call
    differs = differences(
        record,
        provider_ref=receipt.provider_ref,
        amount=_money(receipt),
        key=call.reference,
        mode=call.mode,
    )
    if differs:
        lock_settings(Scope.PROJECT, call.project_ref)
    held = ProviderReceipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)
    if held.state != ReceiptState.PENDING:
        return
    incident_id = None
    if differs:
        reference = open_incident(
            kind=IncidentKind.MODE if "livemode" in differs else IncidentKind.MISMATCH,
            scope=Scope.PROJECT,
            ref=call.project_ref,
            about_ref=call.reference,
            by=By(actor_id=None),
            now=now,
        )
        incident_id = Incident.objects.values_list("pk", flat=True).get(reference=reference)
    held.move(
        ReceiptState.MISMATCHED if differs else ReceiptState.MATCHED,
        read_at=now,
        read_ref=record.provider_ref,
        read_minor=record.amount.amount_minor if record.amount else None,
        read_currency=record.amount.currency if record.amount else "",
        read_live=record.is_live,
        read_key=record.key,
        differs=differs,
        incident_id=incident_id,
    )
    enter_receipt(held, now=now)


def _money(receipt: ProviderReceipt) -> Money | None:
    if receipt.asked_minor is None:
        return None
    return Money(receipt.asked_minor, receipt.asked_currency)

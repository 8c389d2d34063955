"""An owner looked at a purchase and knows whom that domain pays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.references import new_reference
from kernel.statements import insert_once
from toolrouter.enums import PurchaseState
from toolrouter.models import ConfirmedPayee, Purchase
from toolrouter.operations.changes import audit


class CannotConfirm(Exception):
    """Only a domain can be confirmed, by a purchase from it that was bought."""


@transaction.atomic(durable=True)
def confirm_payee(purchase_ref: str, *, actor_id: int, now: datetime) -> bool:
    """Confirm the payee of a purchase, in its environment; say whether nobody had done it before.

    Requests for this payee are not marked as new any more. Raises CannotConfirm.
    """
    purchase = Purchase.objects.filter(reference=purchase_ref).first()
    if purchase is None or not purchase.payee or purchase.state != PurchaseState.BOUGHT:
        raise CannotConfirm(purchase_ref)
    confirmed = ConfirmedPayee(
        reference=new_reference("pay"),
        payee=purchase.payee,
        mode=purchase.mode,
        purchase=purchase,
        confirmed_by_id=actor_id,
        confirmed_at=now,
    )
    if not insert_once(confirmed):
        return False
    audit(
        "payee.confirmed",
        confirmed.reference,
        refs=[purchase.reference],
        actor_id=actor_id,
        now=now,
    )
    return True

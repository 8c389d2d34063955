"""An agent that asks for purchases by hand, and what people do about them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User

from approvals.models import ApprovalRequest
from approvals.usecases.decide import refuse as say_no
from crm.models import Deal
from kernel.money import Money
from tests.factories.crm import DealFactory
from tests.toolrouter.agents import an_agent, database_now
from tests.toolrouter.spending.buying import Buyer
from toolrouter.answers import Answer
from toolrouter.enums import FileKind, RunKind
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import Purchase
from toolrouter.operations.changes import By
from toolrouter.operations.purchasing import ReceiptFile
from toolrouter.usecases import close_purchase
from toolrouter.usecases.close_purchase import Booked

PURCHASE: Final = "purchase.propose"
ARGUMENTS: Final[dict[str, Any]] = {
    "amount_minor": 49_00,
    "currency": "USD",
    "vendor": "crunchline.example",
    "what": "Head-count figures of four quarters",
    "why": "The snapshot needs them.",
    "category": "data",
    "evidence": ["https://crunchline.example/reports/head-count"],
}


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    body = kind + data
    return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)


PNG: Final = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", (1).to_bytes(4) + (1).to_bytes(4) + b"\x08\x00\x00\x00\x00")
    + _chunk(b"IDAT", zlib.compress(b"\x00\xff"))
    + _chunk(b"IEND")
)
PDF: Final = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
JPEG: Final = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x7f\xff\x00\x12\xff\xd9"
)
RECEIPT: Final = ReceiptFile(content=PDF, kind=FileKind.PDF)


@dataclass(kw_only=True)
class Shopper(Buyer):
    """An agent that asks for what people then buy, under wide caps."""

    def ask_for(self, *, key: str = "", **changed: Any) -> Answer:
        """Propose a purchase; each under a key of its own."""
        self.asked += 1
        return self.agent.propose(PURCHASE, ARGUMENTS | changed, key=key or f"buy-{self.asked}")

    def refuse(self, answer: Answer) -> None:
        """Let the owner refuse it."""
        request = ApprovalRequest.objects.get(reference=answer.approval)
        say_no(
            request.reference,
            person=self.owner,
            shown_digest=request.shown_digest,
            reason="",
            tells_the_agent=False,
            now=database_now(),
        )

    def handed_over(self, **changed: Any) -> Purchase:
        """Ask, approve, and let the worker claim it when its hold is over."""
        answer = self.ask_for(**changed)
        moment = self.approve(answer)
        assert carry_out(answer.action or "", clock=lambda: moment)
        return Purchase.objects.get(call__reference=answer.action)


def a_shopper(owner: User, *, deal: Deal | None = None) -> Shopper:
    agent = an_agent(kind=RunKind.FULFILMENT, deal=deal or DealFactory())
    shopper = Shopper(agent=agent, owner=owner)
    shopper.caps()
    return shopper


def buy(
    purchase: Purchase,
    by: User,
    *,
    paid: Money | None = None,
    file: ReceiptFile | None = RECEIPT,
    reason: str = "",
) -> Booked:
    """Say what was paid, today; what was approved unless it is said."""
    now = database_now()
    return close_purchase.mark_bought(
        purchase.reference,
        paid=paid or purchase.approved,
        paid_on=now.date(),
        file=file,
        by=By(actor_id=by.pk, reason=reason),
        now=now,
    )


def leave(purchase: Purchase, by: User) -> None:
    """Say that it was not bought."""
    close_purchase.mark_not_bought(
        purchase.reference, by=By(actor_id=by.pk, reason="Sold out"), now=database_now()
    )


def again(purchase: Purchase) -> Purchase:
    return Purchase.objects.get(pk=purchase.pk)

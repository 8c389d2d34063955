"""Mails to buyers: what each says when it leaves, and who hears of one that did not."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse

from kernel.modes import Mode
from notices import operations as notices
from notices.enums import UNSENT
from notices.outbox.letters import write_letter
from notices.outbox.sending import Outbox, Written
from revenue.enums import AlertKind
from revenue.models import BuyerMail, Order
from revenue.operations.order_links import make_order_link
from revenue.queries.letters import is_overtaken, letter_facts


class BuyerMails(Outbox[BuyerMail]):
    """Each mail brings its buyer a link of its own to the order."""

    model = BuyerMail

    def write(self, mail: BuyerMail, *, reference: str, now: datetime) -> Written | None:
        """Return the letter with its link, which is taken back where the letter did not leave."""
        mail.order = Order.objects.select_related("offer").get(pk=mail.order_id)
        if is_overtaken(mail):
            return None
        link, token = make_order_link(
            checkout_id=mail.order.checkout_id, made_for=mail.kind, now=now
        )
        address = settings.BASE_URL + reverse("order-open", args=[token])
        letter = write_letter(
            template=f"revenue/mail/{mail.kind}",
            facts=letter_facts(mail) | {"link": address},
            mode=Mode(mail.mode),
            to=(mail.to_address,),
            reference=reference,
        )
        return Written(letter=letter, take_back=link.delete)

    def settled(self, mail: BuyerMail, *, now: datetime) -> None:
        """Tell operators of a mail that a person has to look at."""
        if mail.state in UNSENT:
            notices.raise_alert(
                kind=AlertKind.MAIL_UNSENT,
                item=f"{mail.reference}:{mail.lease_token}",
                subject=mail.reference,
                mode=Mode(mail.mode),
                now=now,
                facts={"state": str(mail.state), "kind": mail.kind},
            )


BUYER_MAILS: Final = BuyerMails()

"""Words that leave the house: mails to buyers, and links to orders."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.modes import mode_field
from notices.rows import QueuedMail
from revenue.enums import LinkPurpose, MailKind, MailState
from revenue.models.checkouts import CheckoutSession
from revenue.models.orders import Order


class OrderLink(models.Model):
    """The right to see what became of one checkout. Only the digest of its token is kept.

    Made when the buyer returns from Stripe and for each mail; a browser that has used it keeps
    its id in a signed cookie, so that revoking the link ends both.
    """

    checkout = models.ForeignKey(CheckoutSession, models.PROTECT, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_for = models.CharField(
        max_length=20, choices=LinkPurpose.choices, default=LinkPurpose.UNNOTED, blank=True
    )
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    def __str__(self) -> str:
        return f"link {self.pk} of checkout {self.checkout_id}"


class BuyerMail(QueuedMail):
    """One mail to one buyer, at most once per order, kind and dedupe key."""

    mode = mode_field()
    order = models.ForeignKey(Order, models.PROTECT, related_name="mails")
    kind = models.CharField(max_length=20, choices=MailKind.choices)
    dedupe_key = models.CharField(max_length=255, default="", blank=True)
    to_address = models.CharField(max_length=320, default="", blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind", "dedupe_key"], name="buyer_mail_once_per_order_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MailState.values), name="buyer_mail_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=[MailState.QUEUED, MailState.SENDING]),
                name="buyer_mail_due",
            ),
            # The outbox, narrowed: what failed is rare among what was sent.
            models.Index(fields=["state", "-id"], name="buyer_mail_by_state"),
            models.Index(fields=["kind", "-id"], name="buyer_mail_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} mail {self.reference}"


class OrderLinkRequest(models.Model):
    """Somebody asked for the links of an address. Kept until answered, for seconds.

    Known and unknown addresses are written alike, so that the page's answer tells neither apart.
    """

    email = models.CharField(max_length=320)
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"request {self.pk} for links"

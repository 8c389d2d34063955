"""Links to orders: a secret in an address, of which only a digest is kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from revenue.models import OrderLink
from revenue.policy import token_digest


def make_order_link(*, checkout_id: int, made_for: str, now: datetime) -> tuple[OrderLink, str]:
    """Make a link to the order of a checkout; return it with its secret token.

    ``made_for`` is a LinkPurpose; each MailKind is one.
    """
    token = secrets.token_urlsafe(32)
    link = OrderLink.objects.create(
        checkout_id=checkout_id,
        token_sha256=token_digest(token),
        made_for=made_for,
        created_at=now,
    )
    return link, token

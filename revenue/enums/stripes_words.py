"""What Stripe's own words for disputes and refunds say to operators.

The list is Stripe's, and may grow: a word that is not here is shown as Stripe writes it.
https://docs.stripe.com/api/disputes/object and https://docs.stripe.com/api/refunds/object
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kernel.state_words import OperatorWords as Says

_DISPUTES: Final = "The buyer disputes {sum}"
_ASKS: Final = "The bank asks about {sum}"

DISPUTES: Final[Mapping[str, Says]] = MappingProxyType(
    {
        "warning_needs_response": Says(tone="bad", badge="inquiry: needs response", heading=_ASKS),
        "warning_under_review": Says(tone="wait", badge="inquiry: under review", heading=_ASKS),
        "warning_closed": Says(
            tone="off", badge="inquiry closed", heading="The bank asked about {sum}"
        ),
        "needs_response": Says(tone="bad", badge="needs response", heading=_DISPUTES),
        "under_review": Says(tone="wait", badge="under review", heading=_DISPUTES),
        "appeal_needs_response": Says(
            tone="bad", badge="appeal: needs response", heading=_DISPUTES
        ),
        "appeal_under_review": Says(tone="wait", badge="appeal: under review", heading=_DISPUTES),
        "prevented": Says(tone="off", badge="prevented", heading="Dispute of {sum} prevented"),
        "won": Says(tone="ok", badge="won", heading="Dispute of {sum} won"),
        "lost": Says(tone="bad", badge="lost", heading="Dispute of {sum} lost"),
    }
)
REFUNDS: Final[Mapping[str, Says]] = MappingProxyType(
    {
        "pending": Says(tone="wait", badge="pending", heading="{sum} is on its way to the buyer"),
        "requires_action": Says(
            tone="wait", badge="requires action", heading="{sum} is on its way to the buyer"
        ),
        "succeeded": Says(tone="ok", badge="succeeded", heading="{sum} went back to the buyer"),
        "failed": Says(tone="bad", badge="failed", heading="A refund of {sum} failed"),
        "canceled": Says(tone="off", badge="canceled", heading="A refund of {sum} was canceled"),
    }
)


def said_by_dispute(status: str) -> Says:
    """Return what a dispute's ``status`` says; one that Stripe made up since needs a person."""
    return DISPUTES.get(status) or Says(
        tone="bad", badge=status.replace("_", " "), heading=_DISPUTES
    )


def said_by_refund(status: str) -> Says:
    """Return what a refund's ``status`` says; an unknown one is neither done nor undone."""
    return REFUNDS.get(status) or Says(
        tone="wait", badge=status.replace("_", " "), heading="A refund of {sum}"
    )

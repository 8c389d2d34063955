"""What exactly is asked of Stripe. Pure: the parameters are stored before they are sent."""

from __future__ import annotations

from typing import Any

from revenue.models import CheckoutSession, Offer, PaymentLink

SESSION_ID = "{CHECKOUT_SESSION_ID}"  # Stripe fills it in when it sends the buyer back


def sale_metadata(*, offer: Offer, trace_ref: str, **refs: str) -> dict[str, str]:
    """Return the metadata that lets every object of a sale be found again from Stripe."""
    return {
        "trace_ref": trace_ref,
        "offer": offer.slug,
        "offer_version": str(offer.version),
        **refs,
    }


def return_url(base_url: str) -> str:
    """Return where Stripe sends a buyer who has paid."""
    return f"{base_url}/return/?session_id={SESSION_ID}"


def checkout_parameters(
    *, checkout: CheckoutSession, offer: Offer, price_id: str, base_url: str
) -> dict[str, Any]:
    """Return the parameters of a Checkout Session for ``checkout``.

    https://docs.stripe.com/api/checkout/sessions/create
    """
    metadata = sale_metadata(
        offer=offer, trace_ref=checkout.trace_ref, checkout_ref=checkout.reference
    )
    return {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1}],
        "client_reference_id": checkout.reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "success_url": return_url(base_url),
        "cancel_url": f"{base_url}/checkout/{checkout.reference}/cancelled/",
    }


def payment_link_parameters(
    *, link: PaymentLink, offer: Offer, price_id: str, base_url: str
) -> dict[str, Any]:
    """Return the parameters of a payment link that takes one payment.

    Its metadata is copied to every session that it makes.
    https://docs.stripe.com/api/payment-link/create
    """
    by_agent = {"call_ref": link.call_ref} if link.call_ref else {}
    metadata = sale_metadata(
        offer=offer, trace_ref=link.trace_ref, link_ref=link.reference, **by_agent
    )
    return {
        "line_items": [{"price": price_id, "quantity": 1}],
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "restrictions": {"completed_sessions": {"limit": 1}},
        "after_completion": {"type": "redirect", "redirect": {"url": return_url(base_url)}},
    }

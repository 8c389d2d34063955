"""Deals that something may be sold through."""

from __future__ import annotations

from django.conf import settings

from crm.queries import DealForSale, deal_for_sale


class DealNotForSale(Exception):
    """No checkout can be prepared for this deal. The text says why, for the operator."""


def deal_of_this_mode(deal_ref: str) -> DealForSale:
    """Return the deal, if something may be sold through it here. Raises DealNotForSale."""
    deal = deal_for_sale(deal_ref)
    if deal is None:
        raise DealNotForSale("There is no such deal.")
    if deal.mode != settings.DEPLOYMENT_MODE:
        raise DealNotForSale(
            f"This deal was made in {deal.mode} mode; this is a {settings.DEPLOYMENT_MODE} "
            "deployment, and a payment here would get a deal of its own."
        )
    if not deal.is_sellable:
        raise DealNotForSale("Accept the lead first; a deal that is won or lost is not for sale.")
    return deal

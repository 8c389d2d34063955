"""Reads of the sale; other apps may ask them too. None of them writes."""

from revenue.queries.money import is_payment_known, known_refunds
from revenue.queries.offers import offers_on_sale
from revenue.queries.sales import sales_of_deal

__all__ = ["is_payment_known", "known_refunds", "offers_on_sale", "sales_of_deal"]

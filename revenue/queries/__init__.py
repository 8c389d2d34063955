"""Reads of the sale; other apps may ask them too. None of them writes."""

from revenue.queries.money import is_payment_known, known_refunds
from revenue.queries.sales import sales_of_deal

__all__ = ["is_payment_known", "known_refunds", "sales_of_deal"]

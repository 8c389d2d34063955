"""What other apps may ask about relationships. Nothing here writes."""

from crm.queries.sales import DealForSale, contact_by_email, deal_for_sale, deals_by_trace

__all__ = ["DealForSale", "contact_by_email", "deal_for_sale", "deals_by_trace"]

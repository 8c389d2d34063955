"""What other apps may do to a relationship, inside their own transaction."""

from crm.operations.sales import AttachedDeal, attach_sale, win_deal
from crm.operations.timeline import checkout_prepared, note

__all__ = ["AttachedDeal", "attach_sale", "checkout_prepared", "note", "win_deal"]

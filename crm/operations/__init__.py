"""What other apps may do to a relationship, inside their own transaction."""

from crm.operations.agents import note_by_agent
from crm.operations.erasing import erase_subject, lock_contacts
from crm.operations.offers import choose_offer
from crm.operations.sales import AttachedDeal, DealUnsettled, Sale, attach_sale
from crm.operations.seeding import SampleRows, seed_sample
from crm.operations.timeline import checkout_prepared, note

__all__ = [
    "AttachedDeal",
    "DealUnsettled",
    "Sale",
    "SampleRows",
    "attach_sale",
    "checkout_prepared",
    "choose_offer",
    "erase_subject",
    "lock_contacts",
    "note",
    "note_by_agent",
    "seed_sample",
]

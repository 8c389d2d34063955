"""What other apps may do to the work on an order, inside their own transaction."""

from fulfillment.operations.briefs import BriefTooLate, BriefWords, give_brief
from fulfillment.operations.complaints import say_wrong
from fulfillment.operations.seeding import SampleOrder, seed_sample
from fulfillment.operations.turns import open_turn, stop_turn
from fulfillment.operations.work import freeze_work, open_intake, resume_work, set_funded

__all__ = [
    "BriefTooLate",
    "BriefWords",
    "SampleOrder",
    "freeze_work",
    "give_brief",
    "open_intake",
    "open_turn",
    "resume_work",
    "say_wrong",
    "seed_sample",
    "set_funded",
    "stop_turn",
]

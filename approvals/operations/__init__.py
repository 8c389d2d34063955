"""What other apps may do with requests, inside their own transaction."""

from approvals.operations.closing import close_for, expire_all, hold_pending
from approvals.operations.consuming import CannotUse, consume
from approvals.operations.erasing import ERASES, erase_words
from approvals.operations.opening import Again, OpenedRequest, open_request

__all__ = [
    "ERASES",
    "Again",
    "CannotUse",
    "OpenedRequest",
    "close_for",
    "consume",
    "erase_words",
    "expire_all",
    "hold_pending",
    "open_request",
]

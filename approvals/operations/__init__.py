"""What other apps may do with requests, inside their own transaction."""

from approvals.operations.closing import close_for, expire
from approvals.operations.consuming import CannotUse, consume
from approvals.operations.erasing import ERASES, erase_words
from approvals.operations.opening import open_request

__all__ = ["ERASES", "CannotUse", "close_for", "consume", "erase_words", "expire", "open_request"]

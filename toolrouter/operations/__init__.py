"""What other apps may do about grants and their money, inside their own transaction."""

from toolrouter.operations.changes import By, CapKey, set_cap
from toolrouter.operations.ending import end_work
from toolrouter.operations.grants import (
    end_grant,
    freeze_grant,
    open_grant,
    open_project,
    resume_grant,
    set_funded,
)
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.seats import BoundSeat, bind_seat, close_seat, free_seat

__all__ = [
    "BoundSeat",
    "By",
    "CapKey",
    "bind_seat",
    "close_seat",
    "end_grant",
    "end_work",
    "free_seat",
    "freeze_grant",
    "open_grant",
    "open_incident",
    "open_project",
    "resume_grant",
    "set_cap",
    "set_funded",
]

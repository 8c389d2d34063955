"""What other apps may do about grants and their money, inside their own transaction."""

from toolrouter.operations.changes import By, CapKey, set_cap
from toolrouter.operations.grants import (
    end_grant,
    freeze_grant,
    open_grant,
    open_project,
    resume_grant,
    set_funded,
)
from toolrouter.operations.incidents import open_incident

__all__ = [
    "By",
    "CapKey",
    "end_grant",
    "freeze_grant",
    "open_grant",
    "open_incident",
    "open_project",
    "resume_grant",
    "set_cap",
    "set_funded",
]

"""Which row each ledger entry about people and logins speaks of."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Row

PERSON: Final = Row("auth_user", "'user:' || own.id")
ABOUT_PEOPLE: Final = (
    "access_refused",
    "deactivated",
    "decisions_locked",
    "factor_added",
    "factor_removed",
    "invited",
    "logged_in",
    "logged_out",
    "login_reset",
    "password_changed",
    "reactivated",
    "recovery_codes_made",
    "role_changed",
    "sale_approver_made",
    "second_factors_reset",
    "seeded",
    "session_lent",
    "sessions_ended",
    "stepped_up",
)


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    rows.declare("audit", {f"person.{what}": PERSON for what in ABOUT_PEOPLE})
    # Triggers and constraints are no rows.
    rows.declare("audit", {"database.guards_restored": None})
    # What a stranger causes is counted per person or entry point.
    rows.declare("audit", {"login.refused": None})

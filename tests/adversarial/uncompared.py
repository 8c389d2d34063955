"""The columns that no comparison holds to anything, each with the reason why it need not be.

SECURITY.md says what somebody who writes to the database can still do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_WHEN: Final = "only when it was changed last; what was changed is in the history, with its time"
_ASKED: Final = "nothing follows from a challenge that nobody answered"
_COUNTS: Final = "how many calls a minute had: more may be made in it, each decided as ever"

_START: Final = (
    "what the last start of the database showed: who writes it can say that a restore was none, and"
    " verify_ledger, which reads the log outside, still says that it was one"
)

UNCOMPARED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            f"toolrouter_databasestart.{column}"
            for column in (
                *("is_the_one", "server_started_at", "written_by", "head_outside"),
                *("is_shorter", "compared_at"),
            )
        ),
        _START,
    ),
    "toolrouter_safetysettings.changed_at": _WHEN,
    "toolrouter_projectsettings.changed_at": _WHEN,
    "toolrouter_grant.changed_at": _WHEN,
    "toolrouter_projectsettings.opened_at": "only when; a project has no settings of its own yet",
    "toolrouter_grant.frozen_at": "only since when; whether it stands still is compared",
    "toolrouter_toolcall.runs": "how often; a call that writes runs once, whatever it says",
    "toolrouter_toolcall (read).runs": "how often a read was asked again: nothing follows from it",
    "toolrouter_toolcall (read).result_digest": "changes whenever it is read again, unwritten",
    "toolrouter_toolcall (read).result_refs": "changes whenever it is read again, unwritten",
    "toolrouter_toolcall.look_at": "when it is looked for next; that it is looked for is compared",
    "toolrouter_callcount.grant_id": _COUNTS,
    "toolrouter_callcount.token_ref": _COUNTS,
    "toolrouter_callcount.minute": _COUNTS,
    "toolrouter_callcount.calls": _COUNTS,
    "toolrouter_callcount.proposals": _COUNTS,
    "toolrouter_providerreceipt (pending).reference": "nothing names it before it is read",
    "toolrouter_runtoken.last_used_at": "only when; each call says by which token it came",
    "toolrouter_seat.last_used_at": "only when; each call says by which seat it came",
    "toolrouter_seat.listed_at": "only when it was listed; a seat that was not listed is not bound",
    "toolrouter_seat.refused": _COUNTS,
    "toolrouter_seat.refused_minute": _COUNTS,
    "approvals_approvalrequest.around": "may be emptied, as an erasure does: then it says less",
    "approvals_approvalrequest.told_at": "only whether people were told",
    "approvals_approvalrequest.reminded_at": "only whether people were reminded",
    "approvals_stepup (unused).request_id": _ASKED,
    "approvals_stepup (unused).person_id": _ASKED,
    "approvals_stepup (unused).shown_digest": _ASKED,
    "approvals_stepup (unused).session_digest": _ASKED,
    "approvals_stepup (unused).nonce": _ASKED,
    "approvals_stepup (unused).asked_at": _ASKED,
}

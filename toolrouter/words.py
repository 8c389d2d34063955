"""What each reason for a denial says to people: the sentence, what would have to change, and who.

An agent gets the code alone, and never a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from toolrouter.vocabulary import Code

AGENT: Final = "The agent, with a new call"
OPERATOR: Final = "An operator or an owner"
OWNER: Final = "An owner, on the safety page"
NOBODY: Final = "Nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWords:
    """What one code says."""

    why: str
    change: str
    who: str


_WORDS: Final[Mapping[Code, CodeWords]] = {
    Code.FORBIDDEN_OPERATION: CodeWords(
        why="No agent may do this, whatever anybody approves.",
        change="Nothing. A person with the right role does it.",
        who=NOBODY,
    ),
    Code.MALFORMED: CodeWords(
        why="The request was not in the form that this operation takes.",
        change="Every argument must be there, of its own type, and none too many.",
        who=AGENT,
    ),
    Code.WRONG_RUN: CodeWords(
        why="The run that was named is not the run of the token.",
        change="Name the token's own run. Does the agent hold the token of another run?",
        who=OPERATOR,
    ),
    Code.UNKNOWN_OPERATION: CodeWords(
        why="There is no such operation.",
        change="Ask for one that the list of capabilities names.",
        who=AGENT,
    ),
    Code.NOT_CONFIGURED: CodeWords(
        why="No provider is set up for this.",
        change="A provider must be connected first.",
        who="An owner, under Integrations",
    ),
    Code.STOPPED: CodeWords(
        why="The account, the project or the run was stopped.",
        change="The stop must be released.",
        who=OWNER,
    ),
    Code.HOLD: CodeWords(
        why="The account, the project or the run is on hold: its posture is Hold, or an incident "
        "is open.",
        change="The incident must be closed, or the posture loosened.",
        who=OWNER,
    ),
    Code.FROZEN: CodeWords(
        why="The run is paused because of its payment.",
        change="The refund, dispute or review of its order must be settled.",
        who="An owner, on the order's page",
    ),
    Code.DEADLINE: CodeWords(
        why="The run's time is over.",
        change="Nothing in this run; another run may do it.",
        who=OWNER,
    ),
    Code.NOT_GRANTED: CodeWords(
        why="A run of this kind may not do this.",
        change="Nothing in this run. Before payment a run may never spend.",
        who=NOBODY,
    ),
    Code.NOT_FOUND: CodeWords(
        why="The run knows of no such record. The agent was told the same as if it did not exist.",
        change="The deal must be added to the run, and belong to the run's project.",
        who="An owner, on the run's page",
    ),
    Code.SUBJECT_GONE: CodeWords(
        why="The person was erased.",
        change="Nothing. Nothing more is done about them.",
        who=NOBODY,
    ),
    Code.POSTURE: CodeWords(
        why="The posture of the account, the project or the run does not allow this class.",
        change="The posture must be loosened.",
        who=OWNER,
    ),
    Code.GATE_CLOSED: CodeWords(
        why="The gate to the real world is closed.",
        change="The environment's switch (LIVE_OUTREACH or LIVE_SPEND) and the account's own must "
        "both be on.",
        who="An owner, with whoever runs the server",
    ),
    Code.NOT_READY: CodeWords(
        why="The provider was not tested under the key and address that it has now.",
        change="It must be tested, or, where there is nothing to test, vouched for by an owner.",
        who="An operator or an owner, under Integrations",
    ),
    Code.SHOWN_TEXT: CodeWords(
        why="A text could not be shown to a person as it is: characters that nobody sees, padding, "
        "or too long.",
        change="The text must be plain and within its length.",
        who=AGENT,
    ),
    Code.SUPPRESSED: CodeWords(
        why="This person asked not to be contacted.",
        change="Nothing, unless they ask for it themselves.",
        who=NOBODY,
    ),
    Code.NOT_POSSIBLE: CodeWords(
        why="The record stands where this cannot be done.",
        change="What the call is about must be in another state.",
        who=OPERATOR,
    ),
    Code.NO_CAP: CodeWords(
        why="There is no spending cap for this operation, currency and environment.",
        change="A cap must be set for the account, the project and the run.",
        who=OWNER,
    ),
    Code.OVER_CAP: CodeWords(
        why="It would go over a spending cap.",
        change="A cap must be raised, or money that is reserved must become free.",
        who=OWNER,
    ),
    Code.FUNDING: CodeWords(
        why="It would go over the share of what the buyer paid that this run may spend.",
        change="The funding share must be raised.",
        who=OWNER,
    ),
    Code.NO_APPROVER: CodeWords(
        why="There are not enough people who may approve this.",
        change="Another person must get the role.",
        who="An owner, under People",
    ),
    Code.RECENTLY_REFUSED: CodeWords(
        why="A person refused the same less than an hour ago.",
        change="Time must pass, or a person must ask again.",
        who=OPERATOR,
    ),
    Code.TOO_MANY: CodeWords(
        why="The run asked too often.",
        change="The agent must wait.",
        who=AGENT,
    ),
    Code.REFUSED: CodeWords(
        why="A person refused it.", change="A person must ask again.", who=OPERATOR
    ),
    Code.REVOKED: CodeWords(
        why="The token or the approval was revoked.",
        change="A new token, or a new request.",
        who="An owner, on the run's page",
    ),
    Code.EXPIRED: CodeWords(
        why="The token's time, or the time to decide, was over.",
        change="A new token, or a new request.",
        who="An owner, on the run's page",
    ),
    Code.SUPERSEDED: CodeWords(
        why="Another request took its place.", change="Look at the newer one.", who=OPERATOR
    ),
    Code.DUPLICATE: CodeWords(
        why="The run had asked for the same before.", change="Look at the first call.", who=AGENT
    ),
}
if missing := set(Code) - set(_WORDS):
    raise ValueError(f"no words for {sorted(missing)}")
WORDS: Final = MappingProxyType(_WORDS)

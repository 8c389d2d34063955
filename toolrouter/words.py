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
        why="No agent may do this, not even with an approval.",
        change="Nothing. A person with the right role does it.",
        who=NOBODY,
    ),
    Code.MALFORMED: CodeWords(
        why="The request was not in the form that this operation takes.",
        change="Send every required argument, in the right type, and no others.",
        who=AGENT,
    ),
    Code.WRONG_RUN: CodeWords(
        why="The call named another run than the one its token is for.",
        change="Name the token's own run, and check that the agent holds the right token.",
        who=OPERATOR,
    ),
    Code.UNKNOWN_OPERATION: CodeWords(
        why="There is no such operation.",
        change="Use an operation that list_capabilities names.",
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
        why="The run's deadline has passed.",
        change="Nothing in this run. Another run may do it.",
        who=OWNER,
    ),
    Code.NOT_GRANTED: CodeWords(
        why="A run of this kind may not do this.",
        change="Nothing in this run. Before payment a run may never spend.",
        who=NOBODY,
    ),
    Code.NOT_FOUND: CodeWords(
        why="The run has no access to this record, or there is none. The agent cannot tell which.",
        change="The deal must belong to the run's project and be added to the run.",
        who="An owner, on the run's page",
    ),
    Code.SUBJECT_GONE: CodeWords(
        why="This person's data was erased.",
        change="Nothing. Agents can do nothing more for this person.",
        who=NOBODY,
    ),
    Code.POSTURE: CodeWords(
        why="The posture of the account, the project or the run does not allow this.",
        change="The posture must be loosened.",
        who=OWNER,
    ),
    Code.GATE_CLOSED: CodeWords(
        why="Live outreach or live spend is switched off.",
        change="LIVE_OUTREACH or LIVE_SPEND in the server's environment, and the account's setting "
        "on the safety page, must both be on.",
        who="An owner, and whoever runs the server",
    ),
    Code.NOT_READY: CodeWords(
        why="The provider has not been tested with its present key and address.",
        change="The provider must be tested. Where that is not possible, an owner attests it.",
        who="An operator or an owner, under Integrations",
    ),
    Code.SHOWN_TEXT: CodeWords(
        why="A text could not be shown to a person as it is: invisible characters, padding, "
        "or too long.",
        change="The text must be plain and within the length limit.",
        who=AGENT,
    ),
    Code.SUPPRESSED: CodeWords(
        why="This person asked not to be contacted.",
        change="Nothing, unless they ask for it themselves.",
        who=NOBODY,
    ),
    Code.NOT_POSSIBLE: CodeWords(
        why="The record's status does not allow this.",
        change="The record must be in another status. Open it to see where it stands.",
        who=OPERATOR,
    ),
    Code.NO_CAP: CodeWords(
        why="There is no spending cap for this operation, currency and environment.",
        change="A cap must be set for the account, the project and the run.",
        who=OWNER,
    ),
    Code.OVER_CAP: CodeWords(
        why="It would exceed a spending cap.",
        change="A cap must be raised, or reserved money released.",
        who=OWNER,
    ),
    Code.FUNDING: CodeWords(
        why="It would exceed the share of the buyer's payment that this run may spend.",
        change="The funding share must be raised.",
        who=OWNER,
    ),
    Code.NO_APPROVER: CodeWords(
        why="There are not enough people who may approve this.",
        change="Another person must be given the role.",
        who="An owner, under People",
    ),
    Code.RECENTLY_REFUSED: CodeWords(
        why="A person refused the same request less than an hour ago.",
        change="Wait until the hour is over, or a person asks again.",
        who=OPERATOR,
    ),
    Code.TOO_MANY: CodeWords(
        why="The run sent too many requests.",
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
        why="The token expired, or nobody decided in time.",
        change="A new token, or a new request.",
        who="An owner, on the run's page",
    ),
    Code.SUPERSEDED: CodeWords(
        why="A newer request replaced it.", change="Open the newer request.", who=OPERATOR
    ),
    Code.DUPLICATE: CodeWords(
        why="The run had already asked for the same.", change="Use the first call.", who=AGENT
    ),
}
if missing := set(Code) - set(_WORDS):
    raise ValueError(f"no words for {sorted(missing)}")
WORDS: Final = MappingProxyType(_WORDS)

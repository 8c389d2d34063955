"""What other apps may ask about grants, caps and stops. Nothing here writes."""

from toolrouter.queries.credentials import Credential, credential_of
from toolrouter.queries.safety import (
    CapFacts,
    GrantFacts,
    GrantNotFound,
    Safety,
    grant_of_run,
    runs_with_grant,
    safety_of,
)

__all__ = [
    "CapFacts",
    "Credential",
    "GrantFacts",
    "GrantNotFound",
    "Safety",
    "credential_of",
    "grant_of_run",
    "runs_with_grant",
    "safety_of",
]

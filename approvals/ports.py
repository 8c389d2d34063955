"""How a person proves, for one decision, who they are: what this app needs of the login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approvals.enums import Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was given with the decision, and what is kept of it.

    ``evidence`` is a passkey's answer as it came (credential, public key, client data,
    authenticator data, signature); of a code or a password nothing is kept.
    """

    factor: Factor
    evidence: Mapping[str, Any] | None = None

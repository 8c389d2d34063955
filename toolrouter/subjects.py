"""What a deal consists of, for a run that may know of it. The app that owns deals registers it.

Called inside the transaction that adds the subjects, and before its other locks: a deal comes
before everything of ours in the order of locks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

SubjectsOf = Callable[[str, str, str], Sequence[str] | None]
_registered: Final[list[SubjectsOf]] = []


class NotInProject(LookupError):
    """The project has no such deal. What another project has is said in the same words."""


def register(subjects_of: SubjectsOf) -> None:
    """Say who knows deals: (project, deal, mode) to the deal, its contact and its company.

    None where the project has no such deal in that mode. The deal stays in its project until
    COMMIT. Called once, at start-up.
    """
    _registered[:] = [subjects_of]


def subjects_of_deal(project_ref: str, deal_ref: str, *, mode: str) -> Sequence[str]:
    """Return the deal, its contact and its company, by reference. Raises NotInProject."""
    for subjects_of in _registered:
        if refs := subjects_of(project_ref, deal_ref, mode):
            return refs
    raise NotInProject(f"The project has no deal {deal_ref}.")

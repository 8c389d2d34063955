"""Taking the row of an account, a project or a run before anything of it is changed."""

from __future__ import annotations

from typing import TypeAlias

from toolrouter.enums import Scope
from toolrouter.models import Grant, ProjectSettings, SafetySettings

Settings: TypeAlias = SafetySettings | ProjectSettings | Grant


class NoSuchScope(LookupError):
    """There is no such project or run."""


def lock_settings(scope: Scope, ref: str) -> Settings:
    """Return the row of that scope, locked against whoever decides about a call meanwhile.

    ``ref`` is the project or the run, "" for the account. Raises NoSuchScope.
    """
    row: Settings | None
    match scope:
        case Scope.ACCOUNT:
            row = SafetySettings.objects.select_for_update(no_key=True).first() if not ref else None
        case Scope.PROJECT:
            found = ProjectSettings.objects.select_for_update(no_key=True)
            row = found.filter(project_ref=ref).first()
        case Scope.RUN:
            row = Grant.objects.select_for_update(no_key=True).filter(run_ref=ref).first()
    if row is None:
        raise NoSuchScope(f"{scope} {ref}")
    return row

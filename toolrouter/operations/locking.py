"""Taking the row of an account, a project or a run before anything of it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from django.db import connection

from toolrouter.enums import Scope
from toolrouter.models import Grant, ProjectSettings, SafetySettings

Settings: TypeAlias = SafetySettings | ProjectSettings | Grant
_PROJECTS_OF_RUNS: Final = """
SELECT 1 FROM toolrouter_projectsettings WHERE project_ref IN
  (SELECT project_ref FROM toolrouter_grant WHERE run_ref = ANY(%s)) ORDER BY id FOR SHARE
"""
_GRANTS_OF_RUNS: Final = (
    "SELECT 1 FROM toolrouter_grant WHERE run_ref = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
)


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


def share_lock_account() -> None:
    """Keep the account's settings as they are until COMMIT; several may at once. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM toolrouter_safetysettings WHERE is_the_one FOR SHARE")


def share_lock_project(project_ref: str) -> None:
    """Keep a project's settings as they are until COMMIT; several may at once. One statement."""
    sql = "SELECT 1 FROM toolrouter_projectsettings WHERE project_ref = %s FOR SHARE"
    with connection.cursor() as cursor:
        cursor.execute(sql, [project_ref])
        if cursor.fetchone() is None:
            raise NoSuchScope(project_ref)


def lock_grants(run_refs: Sequence[str]) -> None:
    """Hold these runs' grants against whoever decides about their calls; first what is above them.

    Account and projects are shared: others of them go on. Three statements.
    """
    if not run_refs:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM toolrouter_safetysettings FOR SHARE")
        cursor.execute(_PROJECTS_OF_RUNS, [list(run_refs)])
        cursor.execute(_GRANTS_OF_RUNS, [list(run_refs)])

"""History that is never rewritten: refused early by Python, for certain by a trigger.

The trigger is ``kernel.schema.forbid_changes``. Words about a person sit in *erasable* columns:
those, and only those, may be blanked once.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models

from kernel.statements import insert

M = TypeVar("M", bound=models.Model)


class AppendOnlyViolation(TypeError):
    """Code tried to rewrite history. Append a row that names what it corrects instead."""


class AppendOnlyQuerySet(models.QuerySet[M]):
    """A query set without UPDATE and DELETE, but for the blanking of erasable columns."""

    def update(self, **changes: Any) -> int:
        """Blank erasable columns; raise AppendOnlyViolation for anything else."""
        erasable: frozenset[str] = getattr(self.model, "ERASABLE", frozenset())
        if not changes or not set(changes) <= erasable or any(changes.values()):
            raise AppendOnlyViolation(f"{self.model.__name__} rows are never updated")
        return super().update(**changes)

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnlyViolation(f"{self.model.__name__} rows are never deleted")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyViolation(f"{self.model.__name__} rows are never updated")


class AppendOnlyManager(models.Manager[M]):
    """The manager of append-only rows."""

    def get_queryset(self) -> AppendOnlyQuerySet[M]:
        """Return a query set without UPDATE and DELETE."""
        return AppendOnlyQuerySet(self.model, using=self._db)


class AppendOnly(models.Model):
    """A row that is written once."""

    ERASABLE: ClassVar[frozenset[str]] = frozenset()

    objects = AppendOnlyManager()

    class Meta:
        abstract = True

    def save(self, *_: Any, **__: Any) -> None:
        """Insert; refuse to save again."""
        if not self._state.adding:
            raise AppendOnlyViolation(f"{type(self).__name__} rows are never updated")
        insert(self)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyViolation(f"{type(self).__name__} rows are never deleted")


def new_salt() -> str:
    """Return the per-row salt that makes a hash of somebody's words unguessable (32 hex)."""
    return secrets.token_hex(16)


def salted_digest(words: str, *, salt: str) -> str:
    """Return SHA-256 (hex) of ``words`` under ``salt``; blanking the salt makes it meaningless."""
    return hashlib.sha256(f"{salt}\x1f{words}".encode()).hexdigest()

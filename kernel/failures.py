"""What an exception says: whether a later try fares better, and which of its words may be kept."""

from __future__ import annotations

import traceback
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError
from psycopg import errors

WORDS_CHARS_MAX: Final = 300


class Permanent(Exception):
    """What was asked cannot be done, now or later: it lies in what was asked. A person must look.

    Its text holds nothing personal and no secret.
    """


_REFUSED_BY_RULE: Final = (
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.ForeignKeyViolation,  # rows are not deleted, so what is missing stays so
    errors.RestrictViolation,  # our triggers
)
# What Python raises for a value says the same of it the next time, and so do our own kinds of it:
# ledger.ShapeRefused, ledger.facts.FactRefused, kernel.money.CurrencyMismatch, crm's NotAReference.
_PERMANENT: Final = (
    *(Permanent, DataError),
    *(ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
)


def will_fail_again(error: Exception) -> bool:
    """Say whether an error lies in what is recorded, so that no later try fares better.

    What a person may mend (a mode, a version, a key) or time does (a lock, an answer that did not
    come) is not among it.
    """
    if isinstance(error, IntegrityError):
        return isinstance(error.__cause__, _REFUSED_BY_RULE)
    return isinstance(error, _PERMANENT)


def words_to_keep(error: Exception) -> str:
    """Return what may be kept of an error: our own words, never a vendor's or a driver's.

    A database error quotes the row it choked on, and an SDK error the request; both can hold a
    name or an address. Our own exceptions are written to hold none, and neither do the names of
    our tables, columns, rules and functions. At most WORDS_CHARS_MAX characters.
    """
    if isinstance(error, DatabaseError):
        return _where_in_the_database(error)[:WORDS_CHARS_MAX]
    words = str(error) if _is_ours(type(error).__module__) else _where_in_our_code(error)
    return words[:WORDS_CHARS_MAX]


@cache
def _our_packages() -> frozenset[str]:
    paths = [Path(config.path) for config in apps.get_app_configs()]
    return frozenset({"kernel", *(path.name for path in paths if path.parent == settings.BASE_DIR)})


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _our_packages()


def _where_in_our_code(error: Exception) -> str:
    """Name the function of ours that an error came up in; "" where it was none."""
    frames = [frame for frame, _line in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        module = str(frame.f_globals.get("__name__", ""))
        if _is_ours(module):
            return f"in {module}.{frame.f_code.co_name}"
    return ""


def _where_in_the_database(error: DatabaseError) -> str:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return ""
    diagnosis = cause.diag
    named = [
        f"{what} {name}"
        for what, name in (
            ("table", diagnosis.table_name),
            ("column", diagnosis.column_name),
            ("rule", diagnosis.constraint_name),
        )
        if name
    ]
    if isinstance(cause, errors.RestrictViolation):  # in the words of our triggers
        named.append(diagnosis.message_primary or "")
    return ", ".join([type(cause).__name__, *named])

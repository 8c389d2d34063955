"""What toolrouter keeps about a person: why people stopped or changed something of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kernel.erasure import Eraser, ErasureResult, Person, StoredData
from toolrouter.operations.erasing import erase_reasons
from toolrouter.queries.persons import reasons_about

CONTACTS: Final = "crm_contact"
_REASON: Final = frozenset({"reason", "reason_salt"})


class ReasonsEraser(Eraser):
    """The reasons of stops, incidents and changes of the runs that know of the person."""

    erases = {
        "toolrouter_safetychange": _REASON,
        "toolrouter_stop": _REASON | {"release_reason", "release_reason_salt"},
        "toolrouter_incident": _REASON | {"close_reason", "close_reason_salt"},
    }

    def recognise(self, person: Person) -> Person:
        """Know nobody: a person is whom crm knows."""
        return person

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return the records whose reasons may speak of them."""
        refs = reasons_about(person.rows.get(CONTACTS, ()))
        return (StoredData(what="reasons of stops, incidents and safety changes", refs=refs),)

    def blank(self, person: Person, _now: datetime) -> ErasureResult:
        """Blank them; who did what and when stays."""
        return ErasureResult(refs=erase_reasons(person.rows.get(CONTACTS, ())), counts={})


ERASER: Final = ReasonsEraser()

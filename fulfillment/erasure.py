"""What the work keeps about a person: the words that its runs read about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fulfillment.operations.erasing import (
    erase_briefs,
    erase_deliverables,
    erase_lookups,
    erase_sections,
    erase_sources,
)
from fulfillment.queries.briefs import briefs_of_runs
from fulfillment.queries.deliverables import deliverables_of_runs, sections_of_runs
from fulfillment.queries.sources import lookups_of_runs, sources_of_runs
from kernel.erasure import Eraser, ErasureResult, Person, StoredData
from toolrouter.queries.persons import runs_about

CONTACTS: Final = "crm_contact"


class WorkEraser(Eraser):
    """What runs that know of the person are about, looked up on the web, and read there."""

    erases = {
        "fulfillment_source": frozenset(
            {"url", "final_url", "title", "text", "text_salt", "excerpt", "body"}
        ),
        "fulfillment_brief": frozenset({"company", "website", "question", "salt"}),
        "fulfillment_lookup": frozenset({"asked", "found", "found_salt"}),
    }

    def recognise(self, person: Person) -> Person:
        """Know nobody: a person is whom crm knows."""
        return person

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return the briefs, sources and lookups whose words may speak of them."""
        run_refs = _runs(person)
        return (
            StoredData(what="briefs", refs=briefs_of_runs(run_refs)),
            StoredData(what="pages that a run read", refs=sources_of_runs(run_refs)),
            StoredData(what="what a run looked up on the web", refs=lookups_of_runs(run_refs)),
        )

    def blank(self, person: Person, now: datetime) -> ErasureResult:
        """Blank them; when a page was read, and the hash of its bytes, stays."""
        run_refs = _runs(person)
        blanked = [
            *erase_briefs(run_refs),
            *erase_sources(run_refs, now=now),
            *erase_lookups(run_refs, now=now),
        ]
        return ErasureResult(refs=blanked, counts={})


class DeliverableEraser(Eraser):
    """What runs that know of the person wrote and handed in."""

    erases = {
        "fulfillment_section": frozenset({"content", "content_salt"}),
        "fulfillment_deliverable": frozenset({"page", "pdf"}),
    }

    def recognise(self, person: Person) -> Person:
        """Know nobody: a person is whom crm knows."""
        return person

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return the sections and documents whose words may speak of them."""
        run_refs = _runs(person)
        return (
            StoredData(what="sections that a run wrote", refs=sections_of_runs(run_refs)),
            StoredData(what="documents that a run handed in", refs=deliverables_of_runs(run_refs)),
        )

    def blank(self, person: Person, now: datetime) -> ErasureResult:
        """Blank them; that there were documents, and their hashes, stays."""
        run_refs = _runs(person)
        blanked = [*erase_sections(run_refs), *erase_deliverables(run_refs, now=now)]
        return ErasureResult(refs=blanked, counts={})


def _runs(person: Person) -> list[str]:
    contact_ids = person.rows.get(CONTACTS, ())
    return runs_about(contact_ids) if contact_ids else []


ERASERS: Final[tuple[Eraser, ...]] = (WorkEraser(), DeliverableEraser())

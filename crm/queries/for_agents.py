"""What an agent may read of a deal: named fields, and strangers' words once a person took them in.

No name, e-mail address or telephone number: a contact is named by its reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from crm.enums import ActivityKind
from kernel.money import Money

LINES_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DealForAgent:
    """A deal as an agent sees it. The words are empty until the lead was accepted."""

    reference: str
    stage: str
    stage_since: datetime
    mode: str
    created_at: datetime
    amount: Money | None
    contact_ref: str
    company_ref: str
    has_address: bool
    is_accepted: bool
    company: str
    website: str
    wish: str
    happened: Sequence[tuple[str, datetime]]  # kinds and times, the newest first


_DEAL: Final = """
SELECT deal.id, deal.reference, deal.stage, deal.stage_since, deal.mode, deal.created_at,
  deal.amount_minor, deal.currency, contact.reference, contact.email <> '',
  coalesce(company.reference, ''), coalesce(company.name, ''), coalesce(company.website, '')
FROM crm_deal deal
JOIN crm_contact contact ON contact.id = deal.contact_id
LEFT JOIN crm_company company ON company.id = deal.company_id
WHERE deal.reference = %s
"""
# The newest lines, and those of the request however old they are; no words but the request's.
_LINES: Final = f"""
SELECT kind, occurred_at, CASE kind WHEN '{ActivityKind.SNAPSHOT_REQUESTED}' THEN words ELSE '' END
FROM crm_activity WHERE deal_id = %s AND (
  kind IN ('{ActivityKind.SNAPSHOT_REQUESTED}', '{ActivityKind.LEAD_ACCEPTED}')
  OR id IN (SELECT id FROM crm_activity WHERE deal_id = %s ORDER BY id DESC LIMIT {LINES_MAX}))
ORDER BY id DESC
"""  # noqa: S608  # constants only


def deal_for_agent(deal_ref: str) -> DealForAgent | None:
    """Return the deal of that reference, or None. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_DEAL, [deal_ref])
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(_LINES, [row[0], row[0]])
        lines = cursor.fetchall()
    _id, reference, stage, stage_since, mode, created_at, minor, currency, contact_ref, *rest = row
    has_address, company_ref, company, website = rest
    said = {kind: words for kind, _at, words in lines}
    is_accepted = ActivityKind.LEAD_ACCEPTED in said
    wish = _wish(said.get(ActivityKind.SNAPSHOT_REQUESTED, ""))
    return DealForAgent(
        reference=reference,
        stage=stage,
        stage_since=stage_since,
        mode=mode,
        created_at=created_at,
        amount=None if minor is None else Money(minor, currency),
        contact_ref=contact_ref,
        company_ref=company_ref,
        has_address=has_address,
        is_accepted=is_accepted,
        company=company if is_accepted else "",
        website=website if is_accepted else "",
        wish=wish if is_accepted else "",
        happened=[(kind, at) for kind, at, _words in lines[:LINES_MAX]],
    )


def _wish(words: str) -> str:
    """Return what somebody wished for; who they said they are stands below the last empty line."""
    return words.rpartition("\n\n")[0].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class DealStanding:
    """Where a deal belongs, and whether its person was erased."""

    id: int
    project_ref: str
    is_erased: bool


_STANDING: Final = """
SELECT deal.id, project.reference, contact.erased_at IS NOT NULL
FROM crm_deal deal
JOIN crm_contact contact ON contact.id = deal.contact_id
JOIN crm_project project ON project.id = deal.project_id
WHERE deal.reference = %s
"""
_STANDING_HELD: Final = f"{_STANDING} FOR KEY SHARE OF contact, deal"
_STANDING_ALONE: Final = f"{_STANDING} FOR KEY SHARE OF contact FOR NO KEY UPDATE OF deal"


def deal_standing(deal_ref: str, *, hold: bool = False, alone: bool = False) -> DealStanding | None:
    """Return where a deal belongs, or None. One statement.

    ``hold``: contact and deal stay until COMMIT, in that order of locks, while others may go on
    working with them; ``alone``: nobody else moves the deal meanwhile.
    """
    said = _STANDING_HELD if hold else _STANDING_ALONE if alone else _STANDING
    with connection.cursor() as cursor:
        cursor.execute(said, [deal_ref])
        row = cursor.fetchone()
    return row and DealStanding(id=row[0], project_ref=row[1], is_erased=row[2])

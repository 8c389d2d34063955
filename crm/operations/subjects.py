"""Whom a run may know of: what a deal consists of, while it stays in its project."""

from __future__ import annotations

from typing import Final

from django.db import connection

# The share lock keeps the deal in its project until COMMIT.
_FIND: Final = """
SELECT deal.reference, contact.reference, company.reference FROM crm_deal deal
JOIN crm_project project ON project.id = deal.project_id
JOIN crm_contact contact ON contact.id = deal.contact_id
LEFT JOIN crm_company company ON company.id = deal.company_id
WHERE deal.reference = %s AND deal.mode = %s AND project.reference = %s FOR SHARE OF deal
"""


def subjects_of_deal(project_ref: str, deal_ref: str, mode: str) -> tuple[str, ...] | None:
    """Return a deal, its contact and its company by reference; None where the project has none.

    In the caller's transaction. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [deal_ref, mode, project_ref])
        row = cursor.fetchone()
    return row and tuple(ref for ref in row if ref)

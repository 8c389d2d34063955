"""Sample people and deals in bulk, made by the server itself. Repeating adds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from crm.policy import HOME_PROJECT
from kernel.references import reference_sql

CONTACTS_PER_COMPANY, CONTACTS_PER_DEAL = 20, 5
BATCH_MAX: Final = 100_000


def _reference(prefix: str, *, at: str, of: str = "n") -> str:
    """Return SQL for a reference; ``of`` is what the row is known by."""
    return reference_sql(prefix, at=at, seed=f"'{prefix}' || {of}")


# Row n of each kind is known by n: company by domain, person by address, deal by trace. The rows
# are spread evenly over the year before ``now``, the newest last.
ROWS: Final = """
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, LATERAL (
  SELECT %(now)s::timestamptz - (%(total)s - n) * interval '365 days' / %(total)s AS made_at) moment
"""
COMPANIES: Final = f"""
INSERT INTO crm_company (reference, name, name_key, domain, website, is_sample, created_at)
SELECT {_reference("com", at="made_at")}, 'Sample Company ' || n, 'sample company ' || n,
       'sample-' || n || '.example', '', true, made_at
{ROWS} ORDER BY n ON CONFLICT DO NOTHING
"""
CONTACTS: Final = f"""
INSERT INTO crm_contact (reference, company_id, name, email, email_key, stripe_customer_id,
                         is_sample, created_at)
SELECT {_reference("con", at="made_at")}, company.id, 'Sample Person ' || n, email, email, '',
       true, made_at
{ROWS}
CROSS JOIN LATERAL (
  SELECT 'sample-' || (n - 1) / {CONTACTS_PER_COMPANY} + 1 || '.example' AS domain) place
CROSS JOIN LATERAL (SELECT 'person-' || n || '@' || place.domain AS email) address
JOIN crm_company company ON company.domain = place.domain AND company.is_sample
ORDER BY n ON CONFLICT DO NOTHING
"""
DEALS: Final = f"""
INSERT INTO crm_deal (reference, project_id, contact_id, company_id, title, stage, stage_since,
                      mode, trace_ref, amount_minor, currency, won_order_ref, created_at)
SELECT {_reference("deal", at="made_at")}, project.id, contact.id, contact.company_id,
       'Sample snapshot ' || n, stage, made_at, 'sample', 'trc_' || left(md5('trc' || n), 26),
       100, 'USD', CASE stage WHEN 'won' THEN {_reference("ord", at="made_at")} END, made_at
{ROWS}
CROSS JOIN LATERAL (SELECT (ARRAY['lead', 'qualified', 'proposal', 'checkout', 'lost',
                                  'won', 'won', 'won', 'won', 'won'])[n %% 10 + 1] AS stage) stands
CROSS JOIN LATERAL (SELECT n * {CONTACTS_PER_DEAL} AS person) whose
JOIN crm_contact contact ON contact.is_sample AND contact.email_key = 'person-' || person
  || '@sample-' || (person - 1) / {CONTACTS_PER_COMPANY} + 1 || '.example'
JOIN crm_project project ON project.name = %(project)s
ORDER BY n ON CONFLICT DO NOTHING
"""
ACTIVITIES: Final = f"""
INSERT INTO crm_activity (reference, key, kind, deal_id, contact_id, mode, refs, amount_minor,
                          currency, words, words_salt, words_digest, occurred_at, recorded_at)
SELECT {_reference("act", at="deal.created_at", of="kind || n")},
       'sample:' || kind || ':' || n, kind, deal.id, deal.contact_id, 'sample',
       CASE kind WHEN 'payment_received' THEN jsonb_build_object('order', deal.won_order_ref)
            ELSE '{{}}' END,
       CASE kind WHEN 'payment_received' THEN 100 END,
       CASE kind WHEN 'payment_received' THEN 'USD' END, '', '', '', deal.created_at, %(now)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN crm_deal deal ON deal.mode = 'sample' AND deal.trace_ref = 'trc_' || left(md5('trc' || n), 26)
CROSS JOIN (VALUES (%(kind)s)) kinds (kind)
WHERE kind = 'snapshot_requested' OR deal.stage = 'won'
ORDER BY n ON CONFLICT DO NOTHING
"""  # noqa: S608  # constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRows:
    """How many sample rows there are up to the number asked for."""

    contacts: int
    deals: int


def seed_sample(*, rows: int, now: datetime) -> SampleRows:
    """Make sure that ``rows`` sample contacts exist, with companies, deals and timelines.

    A company for every twenty, a deal for every five (half of them won). Every row is of mode
    *sample*. Repeating adds nothing, a larger number adds the rest. Afterwards
    ``queries.sample_sales`` names the won deals that orders can be made for.
    """
    deals = rows // CONTACTS_PER_DEAL
    _fill(COMPANIES, total=-(-rows // CONTACTS_PER_COMPANY), now=now)
    _fill(CONTACTS, total=rows, now=now)
    _fill(DEALS, total=deals, now=now)
    for kind in ("snapshot_requested", "payment_received"):
        _fill(ACTIVITIES, total=deals, now=now, kind=kind)
    return SampleRows(contacts=rows, deals=deals)


def _fill(sql: str, *, total: int, now: datetime, kind: str = "") -> None:
    for first in range(1, total + 1, BATCH_MAX):
        bounds = {"first": first, "last": min(first + BATCH_MAX - 1, total), "total": total}
        with connection.cursor() as cursor:
            cursor.execute(sql, {**bounds, "now": now, "kind": kind, "project": HOME_PROJECT})

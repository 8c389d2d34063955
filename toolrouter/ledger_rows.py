"""Which row each audit entry about grants, caps, stops and providers speaks of, and the reverse.

Each row that a person or the system wrote has its entry, each entry its row, and what holds now is
what the newest change says.
"""

from __future__ import annotations

import re
from typing import Final

from ledger import facts, rows
from ledger.facts import FactType, FactValue
from ledger.rows import Comparison, Row
from toolrouter.enums import (
    CapScope,
    CapWindow,
    Family,
    IncidentKind,
    RunKind,
    Scope,
    Setting,
)
from toolrouter.vocabulary import Readiness

# A code word or a whole number, as ``SafetyChange`` keeps it.
_SETTING_VALUE: Final = re.compile(r"[a-z_]{2,20}|[0-9]{1,19}")


def _setting_value(value: FactValue) -> str | None:
    is_value = isinstance(value, str) and _SETTING_VALUE.fullmatch(value)
    return str(value) if is_value else None


VALUE: Final = FactType("a setting's value", _setting_value)
_SCOPED: Final = "CASE own.ref WHEN '' THEN ARRAY[]::text[] ELSE ARRAY[own.ref] END"
GRANTS: Final = """
SELECT own.reference, ARRAY[own.run_ref, own.project_ref] AS refs, NULL::bigint AS who,
  own.opened_at AS at, jsonb_build_object('kind', own.kind, 'currency', own.currency,
    'expires_s', floor(extract(epoch FROM own.expires_at))::bigint) AS facts
FROM toolrouter_grant own
"""
SUBJECTS: Final = """
SELECT own.reference, ARRAY[held.reference, own.subject_ref] AS refs, own.added_by_id AS who,
  own.added_at AS at, '{}'::jsonb AS facts
FROM toolrouter_grantsubject own JOIN toolrouter_grant held ON held.id = own.grant_id
"""
CHANGES: Final = f"""
SELECT own.reference, {_SCOPED} || CASE WHEN cap.id IS NULL THEN ARRAY[]::text[]
    ELSE ARRAY[cap.reference::text] END AS refs, own.changed_by_id AS who, own.changed_at AS at,
  jsonb_strip_nulls(jsonb_build_object('scope', own.scope, 'setting', own.setting,
    'old', own.old_value, 'new', own.new_value, 'currency', nullif(own.currency, ''),
    'cap_scope', cap.scope, 'family', cap.family, 'window', cap.time_window)) AS facts
FROM toolrouter_safetychange own LEFT JOIN toolrouter_spendcap cap ON cap.id = own.cap_id
"""  # noqa: S608  # constants only
TOKENS_MADE: Final = """
SELECT own.reference, ARRAY[held.reference, held.run_ref] AS refs, own.made_by_id AS who,
  own.made_at AS at,
  jsonb_build_object('expires_s', floor(extract(epoch FROM own.expires_at))::bigint,
    'token_digest', own.token_sha256) AS facts
FROM toolrouter_runtoken own JOIN toolrouter_grant held ON held.id = own.grant_id
"""
TOKENS_REVOKED: Final = """
SELECT own.reference, ARRAY[held.reference, held.run_ref] AS refs, own.ended_by_id AS who,
  own.ended_at AS at, '{}'::jsonb AS facts
FROM toolrouter_runtoken own JOIN toolrouter_grant held ON held.id = own.grant_id
WHERE own.end_reason = 'revoked'
"""
STOPPED: Final = f"""
SELECT own.reference, {_SCOPED} AS refs, own.stopped_by_id AS who, own.stopped_at AS at,
  jsonb_build_object('scope', own.scope, 'tokens', own.tokens_ended) AS facts
FROM toolrouter_stop own
"""  # noqa: S608  # constants only
RELEASED: Final = f"""
SELECT own.reference, {_SCOPED} AS refs, own.released_by_id AS who, own.released_at AS at,
  jsonb_build_object('scope', own.scope) AS facts
FROM toolrouter_stop own WHERE own.released_at IS NOT NULL
"""  # noqa: S608  # constants only
OPENED: Final = f"""
SELECT own.reference, {_SCOPED} || CASE own.about_ref WHEN '' THEN ARRAY[]::text[]
    ELSE ARRAY[own.about_ref] END AS refs, own.opened_by_id AS who, own.opened_at AS at,
  jsonb_build_object('scope', own.scope, 'incident', own.kind) AS facts
FROM toolrouter_incident own
"""  # noqa: S608  # constants only
CLOSED: Final = f"""
SELECT own.reference, {_SCOPED} AS refs, own.closed_by_id AS who, own.closed_at AS at,
  jsonb_build_object('scope', own.scope, 'incident', own.kind) AS facts
FROM toolrouter_incident own WHERE own.closed_at IS NOT NULL
"""  # noqa: S608  # constants only

# The digest is operations.readiness.digest_of's.
READINESS: Final = r"""
SELECT own.reference, ARRAY[]::text[] AS refs, own.noted_by_id AS who, own.noted_at AS at,
  jsonb_build_object('level', own.level, 'readiness_digest', encode(sha256(convert_to(
    concat_ws(E'\n', own.provider, own.mode, own.account, own.address, own.key_salt,
      own.key_digest, own.account_ref, coalesce(own.livemode::text, ''), own.code),
    'UTF8')), 'hex')) AS facts
FROM toolrouter_providerreadiness own
"""
# What holds now, in the words of a change, beside the newest change of it.
_ON_OFF: Final = "CASE WHEN account.{column} THEN 'on' ELSE 'off' END"
_NUMBER: Final = "coalesce(account.{column}::text, 'none')"
STANDS: Final = f"""
SELECT 'cap_differs_from_its_changes', cap.reference, 'its limit is not what its last change says'
FROM toolrouter_spendcap cap LEFT JOIN LATERAL (
  SELECT new_value, currency FROM toolrouter_safetychange WHERE cap_id = cap.id
  ORDER BY id DESC LIMIT 1) last ON true
WHERE (last.new_value = cap.limit_minor::text AND last.currency = cap.currency) IS NOT TRUE
UNION ALL
SELECT 'setting_differs_from_its_changes', stands.name,
  concat(stands.setting, ' is not what its last change says')
FROM (
  SELECT 'account' AS scope, '' AS ref, 'toolrouter.safety' AS name, pair.setting, pair.value,
    pair.first FROM toolrouter_safetysettings account CROSS JOIN LATERAL (VALUES
    ('posture', account.posture::text, 'normal'),
    ('outreach', {_ON_OFF.format(column="outreach_open")}, 'off'),
    ('spend', {_ON_OFF.format(column="spend_open")}, 'off'),
    ('cap_raiser_waits', {_ON_OFF.format(column="cap_raiser_waits")}, 'off'),
    ('funding_share', {_NUMBER.format(column="funding_share_percent")}, 'none'),
    ('two_people_from', {_NUMBER.format(column="two_people_from_minor")}, 'none'),
    ('decide_outbound_h', {_NUMBER.format(column="decide_outbound_h")}, '24'),
    ('decide_spend_h', {_NUMBER.format(column="decide_spend_h")}, '24'),
    ('decide_provisioning_h', {_NUMBER.format(column="decide_provisioning_h")}, '24')
  ) AS pair (setting, value, first)
  UNION ALL
  SELECT 'project', project_ref, project_ref, 'posture', posture, 'normal'
  FROM toolrouter_projectsettings
  UNION ALL
  SELECT 'run', run_ref, run_ref, 'posture', posture, 'normal' FROM toolrouter_grant
) stands LEFT JOIN LATERAL (
  SELECT new_value FROM toolrouter_safetychange change
  WHERE change.scope = stands.scope AND change.ref = stands.ref AND change.setting = stands.setting
  ORDER BY id DESC LIMIT 1) last ON true
WHERE coalesce(last.new_value, stands.first) <> stands.value
UNION ALL
SELECT 'stop_or_hold_differs', stands.ref, 'it stands otherwise than its stops and incidents say'
FROM (
  SELECT 'account' AS scope, '' AS ref, stopped_at, held_at FROM toolrouter_safetysettings
  UNION ALL SELECT 'project', project_ref, stopped_at, held_at FROM toolrouter_projectsettings
  UNION ALL SELECT 'run', run_ref, stopped_at, held_at FROM toolrouter_grant) stands
WHERE (stands.stopped_at IS NOT NULL) <> EXISTS (
    SELECT FROM toolrouter_stop stop WHERE stop.scope = stands.scope AND stop.ref = stands.ref
      AND stop.released_at IS NULL)
  OR (stands.held_at IS NOT NULL) <> EXISTS (
    SELECT FROM toolrouter_incident incident WHERE incident.scope = stands.scope
      AND incident.ref = stands.ref AND incident.closed_at IS NULL)
"""  # noqa: S608  # constants only

_TOLD: Final = {
    "grant.opened": (Row("toolrouter_grant"), GRANTS),
    "grant.subject_added": (Row("toolrouter_grantsubject"), SUBJECTS),
    "safety.changed": (Row("toolrouter_safetychange"), CHANGES),
    "run_token.made": (Row("toolrouter_runtoken"), TOKENS_MADE),
    "run_token.revoked": (Row("toolrouter_runtoken"), TOKENS_REVOKED),
    "agents.stopped": (Row("toolrouter_stop"), STOPPED),
    "agents.released": (Row("toolrouter_stop"), RELEASED),
    "provider.noted": (Row("toolrouter_providerreadiness"), READINESS),
    "incident.opened": (Row("toolrouter_incident"), OPENED),
    "incident.closed": (Row("toolrouter_incident"), CLOSED),
}
_EVENTS: Final = ", ".join(f"'{event}'" for event in _TOLD)
# Each SELECT yields reference, refs, facts (without who acted), who (a user's id) and at.
_ALL_TOLD: Final = " UNION ALL ".join(
    f"SELECT '{event}' AS event, reference, refs, who, at, facts FROM ({told}) one"  # noqa: S608  # constants only
    for event, (_, told) in _TOLD.items()
)
PAIRS: Final = f"""
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN concat('no row stands behind this ', entry.event)
    WHEN entry.reference IS NULL THEN concat('no entry says ', told.event, ' of it')
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'audit' AND event IN ({_EVENTS})) entry
FULL JOIN ({_ALL_TOLD}) told ON entry.key = told.event || ':' || told.reference
WHERE (entry.event = told.event AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.occurred_at = told.at
  AND entry.facts = told.facts
    || jsonb_build_object('actor', coalesce('user:' || told.who, 'system'))) IS NOT TRUE
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which facts and rows our entries carry. Called once, at start-up."""
    facts.allow(
        "audit",
        {
            "scope": facts.one_of(Scope.values),
            "setting": facts.one_of(Setting.values),
            "old": VALUE,
            "new": VALUE,
            "currency": facts.CURRENCY,
            "cap_scope": facts.one_of(CapScope.values),
            "family": facts.one_of(Family.values),
            "window": facts.one_of(CapWindow.values),
            "kind": facts.one_of(RunKind),
            "incident": facts.one_of(IncidentKind.values),
            "level": facts.one_of(Readiness),
            "readiness_digest": facts.DIGEST,  # of a row with a salt of its own
            "expires_s": facts.COUNT,
            "token_digest": facts.DIGEST,  # of a token's 256 random bits
            "tokens": facts.COUNT,
        },
    )
    rows.declare(
        "audit",
        {event: row for event, (row, _) in _TOLD.items()},
        comparisons=[
            Comparison("grants, caps, tokens, stops and their entries", PAIRS),
            Comparison("safety settings and their changes", STANDS),
        ],
    )

"""Which row each audit entry about grants, caps, stops and providers speaks of, and the reverse.

Each row that a person or the system wrote has its entry, each entry its row, and what holds now is
what the newest change says.
"""

from __future__ import annotations

import re
from typing import Final

from kernel.modes import Mode
from kernel.row_digests import SALTED_SQL
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
_RUN_CODE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,8}")


def _setting_value(value: FactValue) -> str | None:
    is_value = isinstance(value, str) and _SETTING_VALUE.fullmatch(value)
    return str(value) if is_value else None


def _run_code(value: FactValue) -> str | None:
    return str(value) if isinstance(value, str) and _RUN_CODE.fullmatch(value) else None


VALUE: Final = FactType("a setting's value", _setting_value)
RUN_CODE: Final = FactType("what a run is called by", _run_code)
_SCOPED: Final = "CASE own.ref WHEN '' THEN ARRAY[]::text[] ELSE ARRAY[own.ref] END"
GRANTS: Final = """
SELECT own.reference, array_remove(ARRAY[own.run_ref, own.project_ref, nullif(own.trace_ref, '')],
    NULL) AS refs, NULL::bigint AS who, own.opened_at AS at,
  jsonb_build_object('kind', own.kind, 'currency', own.currency, 'mode', own.mode,
    'run_code', own.run_code, 'expires_s', floor(extract(epoch FROM own.expires_at))::bigint)
    AS facts
FROM toolrouter_grant own
"""
GRANTS_ENDED: Final = """
SELECT own.reference, ARRAY[own.run_ref] AS refs, NULL::bigint AS who, own.ended_at AS at,
  '{}'::jsonb AS facts
FROM toolrouter_grant own WHERE own.ended_at IS NOT NULL
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
    'cap_scope', cap.scope, 'family', cap.family, 'window', cap.time_window, 'mode', cap.mode,
    'reason_digest', own.reason_digest)) AS facts
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
  jsonb_build_object('scope', own.scope, 'tokens', own.tokens_ended,
    'reason_digest', own.reason_digest) AS facts
FROM toolrouter_stop own
"""  # noqa: S608  # constants only
RELEASED: Final = f"""
SELECT own.reference, {_SCOPED} AS refs, own.released_by_id AS who, own.released_at AS at,
  jsonb_build_object('scope', own.scope, 'reason_digest', own.release_reason_digest) AS facts
FROM toolrouter_stop own WHERE own.released_at IS NOT NULL
"""  # noqa: S608  # constants only
OPENED: Final = f"""
SELECT own.reference, {_SCOPED} || CASE own.about_ref WHEN '' THEN ARRAY[]::text[]
    ELSE ARRAY[own.about_ref] END AS refs, own.opened_by_id AS who, own.opened_at AS at,
  jsonb_build_object('scope', own.scope, 'incident', own.kind,
    'reason_digest', own.reason_digest) AS facts
FROM toolrouter_incident own
"""  # noqa: S608  # constants only
CLOSED: Final = f"""
SELECT own.reference, {_SCOPED} AS refs, own.closed_by_id AS who, own.closed_at AS at,
  jsonb_build_object('scope', own.scope, 'incident', own.kind,
    'reason_digest', own.close_reason_digest) AS facts
FROM toolrouter_incident own WHERE own.closed_at IS NOT NULL
"""  # noqa: S608  # constants only
CONFIRMED: Final = """
SELECT own.reference, ARRAY[bought.reference] AS refs, own.confirmed_by_id AS who,
  own.confirmed_at AS at, '{}'::jsonb AS facts
FROM toolrouter_confirmedpayee own JOIN toolrouter_purchase bought ON bought.id = own.purchase_id
  AND bought.payee = own.payee AND bought.mode = own.mode AND bought.state = 'bought'
"""

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
SELECT 'cap_differs_from_its_changes', cap.reference, 'it is not what its changes say'
FROM toolrouter_spendcap cap LEFT JOIN LATERAL (
  SELECT new_value, currency, scope, ref, changed_at FROM toolrouter_safetychange
  WHERE cap_id = cap.id ORDER BY id DESC LIMIT 1) last ON true
LEFT JOIN LATERAL (SELECT min(changed_at) AS made_at FROM toolrouter_safetychange
  WHERE cap_id = cap.id) first ON true
WHERE (last.new_value = cap.limit_minor::text AND last.currency = cap.currency
  AND last.scope = CASE cap.scope WHEN 'each_run' THEN 'project' ELSE cap.scope END
  AND last.ref = cap.ref AND last.changed_at = cap.changed_at
  AND first.made_at = cap.made_at) IS NOT TRUE
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
WHERE stands.stopped_at IS DISTINCT FROM (
    SELECT stop.stopped_at FROM toolrouter_stop stop
    WHERE stop.scope = stands.scope AND stop.ref = stands.ref AND stop.released_at IS NULL)
  OR (stands.held_at IS NOT NULL) <> EXISTS (
    SELECT FROM toolrouter_incident incident WHERE incident.scope = stands.scope
      AND incident.ref = stands.ref AND incident.closed_at IS NULL)
  OR stands.held_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM toolrouter_incident incident WHERE incident.scope = stands.scope
      AND incident.ref = stands.ref AND incident.opened_at = stands.held_at)
UNION ALL
SELECT 'setting_differs_from_its_changes', 'toolrouter.safety',
  'the currency from which two people decide is not what its last change says'
FROM toolrouter_safetysettings account WHERE account.two_people_currency <> coalesce((
  SELECT change.currency FROM toolrouter_safetychange change
  WHERE change.scope = 'account' AND change.setting = 'two_people_from'
  ORDER BY change.id DESC LIMIT 1), '')
UNION ALL
SELECT 'setting_missing', held.project_ref, 'runs have it for their project, and it has no settings'
FROM toolrouter_grant held WHERE NOT EXISTS (
  SELECT FROM toolrouter_projectsettings own WHERE own.project_ref = held.project_ref)
UNION ALL
SELECT 'setting_missing', 'toolrouter.safety', 'the account has no settings, or other ones beside'
WHERE (SELECT count(*) FILTER (WHERE is_the_one) FROM toolrouter_safetysettings) <> 1
  OR (SELECT count(*) FROM toolrouter_safetysettings) <> 1
"""  # noqa: S608  # constants only

# A token that a stop ended was within it, and so many were.
TOKENS_STOPPED: Final = """
SELECT 'entry_differs_from_row', own.reference, 'it was ended otherwise than its stops say'
FROM toolrouter_runtoken own JOIN toolrouter_grant held ON held.id = own.grant_id
WHERE (own.end_reason <> '') <> (own.ended_at IS NOT NULL)
  OR own.end_reason = '' AND own.ended_by_id IS NOT NULL
  OR own.end_reason NOT IN ('', 'revoked') AND NOT EXISTS (
    SELECT FROM toolrouter_stop stop WHERE stop.stopped_at = own.ended_at
      AND own.end_reason = 'stopped' AND stop.stopped_by_id IS NOT DISTINCT FROM own.ended_by_id
      AND (stop.scope, stop.ref) IN (
        ('account', ''), ('project', held.project_ref), ('run', held.run_ref)))
UNION ALL
SELECT 'entry_differs_from_row', stop.reference, 'it ended another number of tokens'
FROM toolrouter_stop stop WHERE stop.tokens_ended <> (
  SELECT count(*) FROM toolrouter_runtoken own JOIN toolrouter_grant held ON held.id = own.grant_id
  WHERE own.end_reason = 'stopped' AND own.ended_at = stop.stopped_at
    AND (stop.scope, stop.ref) IN (
      ('account', ''), ('project', held.project_ref), ('run', held.run_ref)))
"""
_REASONS: Final = (
    ("toolrouter_safetychange", "reason"),
    ("toolrouter_stop", "reason"),
    ("toolrouter_stop", "release_reason"),
    ("toolrouter_incident", "reason"),
    ("toolrouter_incident", "close_reason"),
)
_SAID: Final = SALTED_SQL.format(salt="salt", words="words")
# Why somebody did something is what its digest is of, until it was erased.
REASONS: Final = f"""
SELECT 'reason_differs_from_digest', reference, 'why it was done is not what was said'
FROM ({
    " UNION ALL ".join(
        f"SELECT reference, {name} AS words, {name}_salt AS salt, {name}_digest AS digest"
        f" FROM {table}"
        for table, name in _REASONS
    )
}) said
WHERE (salt = '' AND words = '' OR digest = {_SAID}) IS NOT TRUE
UNION ALL
SELECT 'entry_differs_from_row', reference, 'nobody ended it yet, and it names somebody who did'
FROM (SELECT reference, released_at AS ended_at, released_by_id AS who, release_reason_digest AS why
    FROM toolrouter_stop
  UNION ALL SELECT reference, closed_at, closed_by_id, close_reason_digest FROM toolrouter_incident
) ended WHERE ended_at IS NULL AND (who IS NOT NULL OR why <> '')
"""  # noqa: S608  # constants only

_TOLD: Final = {
    "grant.opened": (Row("toolrouter_grant"), GRANTS),
    "grant.ended": (Row("toolrouter_grant"), GRANTS_ENDED),
    "grant.subject_added": (Row("toolrouter_grantsubject"), SUBJECTS),
    "safety.changed": (Row("toolrouter_safetychange"), CHANGES),
    "run_token.made": (Row("toolrouter_runtoken"), TOKENS_MADE),
    "run_token.revoked": (Row("toolrouter_runtoken"), TOKENS_REVOKED),
    "agents.stopped": (Row("toolrouter_stop"), STOPPED),
    "agents.released": (Row("toolrouter_stop"), RELEASED),
    "provider.noted": (Row("toolrouter_providerreadiness"), READINESS),
    "incident.opened": (Row("toolrouter_incident"), OPENED),
    "incident.closed": (Row("toolrouter_incident"), CLOSED),
    "payee.confirmed": (Row("toolrouter_confirmedpayee"), CONFIRMED),
}
_EVENTS: Final = ", ".join(f"'{event}'" for event in _TOLD)
# Each SELECT yields reference, refs, facts (without who acted), who (a user's id) and at.
_ALL_TOLD: Final = " UNION ALL ".join(
    f"SELECT '{event}' AS event, reference, refs, who, at, facts FROM ({told}) one"  # noqa: S608  # constants only
    for event, (_, told) in _TOLD.items()
)
# Until 0.1.3 a grant's trace and what stands here was not in their entries.
_TOLD_THEN: Final = rows.told_then("told.facts", "mode", "run_code", "reason_digest")
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
  AND entry.refs = CASE WHEN told.event = 'grant.opened' AND NOT jsonb_exists(entry.facts, 'mode')
    THEN told.refs[1:2] ELSE told.refs END::varchar[]
  AND entry.occurred_at = told.at
  AND entry.facts = {_TOLD_THEN}
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
            "mode": facts.one_of(Mode.values),
            "run_code": RUN_CODE,
            "reason_digest": facts.DIGEST,  # under a salt that an erasure blanks
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
            Comparison("run tokens and the stops that ended them", TOKENS_STOPPED),
            Comparison("reasons and their digests", REASONS),
        ],
    )

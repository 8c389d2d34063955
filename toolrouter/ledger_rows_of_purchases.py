"""Each spend entry speaks of a purchase as it is, and each purchase is as it was approved.

Both ways: what was handed to people, called off, closed and booked has its entry and its legs;
nobody else moves money on these accounts; a receipt's file is the one that was kept.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ledger import facts, rows
from ledger.facts import FactType, FactValue
from ledger.rows import Comparison, Row
from toolrouter.enums import Category, FileKind, OffWhy

PAID_BY: Final = "liabilities:paid_by_people"
EVENTS: Final = (
    *("purchase.to_buy", "purchase.called_off", "purchase.bought"),
    *("purchase.not_bought", "purchase.cancelled"),
)
KEPT: Final = "purchase.file_kept"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: FactValue) -> str | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    return date.fromisoformat(value).isoformat()


DAY: Final = FactType("a day", _day)
_ACCOUNTS: Final = ", ".join(f"'expenses:{category}'" for category in Category.values)
_LEGS: Final = """
SELECT jsonb_object_agg(leg.account, jsonb_build_array(leg.amount_minor, leg.currency))
FROM ledger_posting leg WHERE leg.entry_id = entry.id
"""
_DIGEST: Final = "encode(sha256(convert_to(concat({salt}, E'\\x1f', {words}), 'UTF8')), 'hex')"
_WORDS: Final = _DIGEST.format(salt="own.words_salt", words="own.vendor_name, E'\\n', own.what")
# Every moment of a purchase, as ``operations.purchasing`` enters it.
ENTRIES: Final = f"""
SELECT
  CASE WHEN told.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, told.reference),
  CASE WHEN told.reference IS NULL THEN 'no purchase stands behind it'
    WHEN entry.reference IS NULL THEN concat('no entry says ', told.event, ' of this purchase')
    ELSE concat(told.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'spend' AND event <> '{KEPT}'
      AND mode <> 'sample') entry
FULL JOIN (
  SELECT own.reference, own.mode, own.trace_ref, 'purchase.' || happened.event AS event,
    happened.at, happened.facts, happened.legs,
    array_remove(ARRAY[call.reference, own.run_ref, own.approval_ref,
      CASE happened.event WHEN 'bought' THEN incident.reference END], NULL) AS refs
  FROM toolrouter_purchase own JOIN toolrouter_toolcall call ON call.id = own.call_id
  LEFT JOIN toolrouter_incident incident ON incident.id = own.incident_id,
  LATERAL (VALUES
    ('to_buy', own.made_at, jsonb_build_object('actor', 'system', 'amount_minor',
      own.approved_minor, 'currency', own.currency, 'category', own.category, 'due_s',
      floor(extract(epoch FROM own.due_at))::bigint, 'words_digest', own.words_digest), NULL),
    (CASE WHEN own.called_off_at IS NOT NULL THEN 'called_off' END, own.called_off_at,
      jsonb_build_object('actor', 'system', 'why', own.called_off_why), NULL),
    (CASE WHEN own.state <> 'to_buy' THEN own.state END, own.closed_at,
      jsonb_strip_nulls(jsonb_build_object('actor', 'user:' || own.closed_by_id,
        'amount_minor', own.paid_minor, 'currency', nullif(own.paid_currency, ''),
        'category', CASE own.state WHEN 'bought' THEN own.category END, 'paid_on', own.paid_on,
        'reason_digest', nullif(own.reason_digest, ''))),
      CASE own.state WHEN 'bought' THEN jsonb_build_object(
        '{PAID_BY}', jsonb_build_array(-own.paid_minor, own.paid_currency),
        'expenses:' || own.category, jsonb_build_array(own.paid_minor, own.paid_currency)) END)
  ) AS happened (event, at, facts, legs)
  WHERE happened.event IS NOT NULL AND own.mode <> 'sample') told
  ON entry.key = told.event || ':' || told.reference
WHERE (entry.event = told.event AND entry.subject = told.reference
  AND entry.refs = told.refs::varchar[] AND entry.facts = told.facts AND entry.mode = told.mode
  AND entry.trace_ref = told.trace_ref AND entry.occurred_at = told.at
  AND ({_LEGS}) IS NOT DISTINCT FROM told.legs) IS NOT TRUE
UNION ALL
SELECT 'leg_of_no_purchase', entry.reference, 'it moves money of purchases, and is of none'
FROM ledger_posting leg JOIN ledger_ledgerentry entry ON entry.id = leg.entry_id
WHERE leg.account IN ('{PAID_BY}', {_ACCOUNTS}) AND entry.mode <> 'sample'
  AND (entry.kind, entry.event) IS DISTINCT FROM ('spend', 'purchase.bought')
"""  # noqa: S608  # constants only
# A purchase is its call's, by its approval, word by word of what people were shown.
APPROVED: Final = f"""
SELECT 'purchase_not_as_approved', own.reference, 'it is not what was approved'
FROM toolrouter_purchase own
LEFT JOIN toolrouter_toolcall call ON call.id = own.call_id
LEFT JOIN approvals_approvalrequest request ON request.reference = own.approval_ref
LEFT JOIN LATERAL (
  SELECT
    max(field.value) FILTER (WHERE field.name = 'about_what') AS what,
    max(field.value) FILTER (WHERE field.name = 'about_vendor') AS vendor,
    max(field.value) FILTER (WHERE field.name = 'about_category') AS category,
    max(field.value) FILTER (WHERE field.name = 'payee') AS payee
  FROM approvals_approvalfield field WHERE field.request_id = request.id
    AND field.part = 'envelope') said ON true
WHERE own.mode <> 'sample' AND (call.state = 'done' AND call.approval_ref = own.approval_ref
  AND request.subject_ref = call.reference AND request.state = 'consumed'
  AND call.run_ref = own.run_ref AND call.project_ref = own.project_ref AND call.mode = own.mode
  AND call.trace_ref = own.trace_ref AND call.closed_at = own.made_at
  AND call.amount_minor = own.approved_minor AND call.currency = own.currency
  AND said.category = to_json(own.category)::text
  AND said.payee = to_json(CASE own.payee WHEN '' THEN 'typed name' ELSE own.payee END)::text
  AND CASE WHEN own.words_salt = '' THEN own.what = '' AND own.vendor_name = '' ELSE
    own.words_digest = {_WORDS} END
  AND (own.words_salt = '' OR said.what = '' OR said.what = to_json(own.what)::text
    AND said.vendor = to_json(own.vendor_name)::text)
  AND CASE WHEN own.reason_salt = '' THEN own.reason = '' ELSE
    own.reason_digest = {_DIGEST.format(salt="own.reason_salt", words="own.reason")} END
  AND (own.called_off_at IS NULL) = (own.called_off_why = '')
  AND (own.state <> 'to_buy' OR own.paid_currency = '' AND own.reason_digest = ''
    AND num_nonnulls(own.closed_at, own.closed_by_id, own.paid_minor, own.paid_on) = 0)
  AND (own.incident_id IS NULL OR EXISTS (SELECT FROM toolrouter_incident incident
    WHERE incident.id = own.incident_id AND incident.opened_at = own.closed_at
      AND incident.about_ref IN (own.reference, call.reference)))) IS NOT TRUE
UNION ALL
SELECT 'row_without_entry', call.reference, 'this call was handed to people, and is no purchase'
FROM toolrouter_toolcall call LEFT JOIN toolrouter_purchase own ON own.call_id = call.id
WHERE call.operation = 'purchase.propose' AND call.claimed_at IS NOT NULL
  AND call.mode <> 'sample' AND own.id IS NULL
"""  # noqa: S608  # constants only
# What a person says was paid is declared, once, and nothing else is.
DECLARED: Final = """
SELECT 'receipt_differs_from_purchase', coalesce(own.reference, receipt.reference),
  'what was paid is not what was declared'
FROM (SELECT bought.*, call.reference AS call_ref FROM toolrouter_purchase bought
  JOIN toolrouter_toolcall call ON call.id = bought.call_id
  WHERE bought.state = 'bought' AND bought.mode <> 'sample') own
FULL JOIN (SELECT * FROM toolrouter_providerreceipt
  WHERE state = 'declared' AND mode <> 'sample') receipt
  ON receipt.call_id = own.call_id
WHERE (receipt.state = 'declared' AND receipt.provider = 'manual'
  AND receipt.provider_ref = own.reference AND receipt.read_ref = own.reference
  AND receipt.read_key = own.call_ref AND receipt.mode = own.mode
  AND receipt.asked_minor = own.approved_minor AND receipt.asked_currency = own.currency
  AND receipt.read_minor = own.paid_minor AND receipt.read_currency = own.paid_currency
  AND receipt.made_at = own.closed_at AND receipt.read_at = own.closed_at
  AND receipt.read_live IS NULL
  AND receipt.differs = CASE WHEN own.paid_currency <> own.currency THEN ARRAY['currency']
    WHEN own.paid_minor > own.approved_minor THEN ARRAY['amount'] ELSE ARRAY[]::text[] END
      ::varchar[]
  AND receipt.incident_id IS NOT DISTINCT FROM CASE cardinality(receipt.differs) WHEN 0 THEN NULL
    ELSE own.incident_id END) IS NOT TRUE
"""
# A receipt's file is the one that was kept, until it was erased; what is hashed stays.
FILES: Final = f"""
SELECT
  CASE WHEN own.reference IS NULL THEN 'entry_without_row'
    WHEN entry.reference IS NULL THEN 'row_without_entry' ELSE 'entry_differs_from_row' END,
  coalesce(entry.reference, own.reference),
  CASE WHEN own.reference IS NULL THEN 'no receipt stands behind it'
    WHEN entry.reference IS NULL THEN 'this receipt has no ledger entry'
    ELSE concat(own.reference, ' says otherwise') END
FROM (SELECT * FROM ledger_ledgerentry WHERE kind = 'spend' AND event = '{KEPT}'
      AND mode <> 'sample') entry
FULL JOIN (
  SELECT file.*, bought.reference AS purchase_ref, bought.trace_ref, bought.state
  FROM toolrouter_purchasereceipt file JOIN toolrouter_purchase bought
    ON bought.id = file.purchase_id WHERE file.mode <> 'sample') own
  ON entry.key = '{KEPT}:' || own.reference
WHERE (entry.subject = own.reference AND entry.refs = ARRAY[own.purchase_ref]::varchar[]
  AND entry.mode = own.mode AND entry.trace_ref = own.trace_ref AND own.state = 'bought'
  AND entry.occurred_at = own.kept_at
  AND entry.facts = jsonb_build_object('actor', 'user:' || own.kept_by_id, 'digest', own.digest,
    'bytes', own.size_bytes, 'file', own.kind)
  AND CASE WHEN own.salt = '' THEN own.sha256 = '' AND length(own.content) = 0 ELSE
    length(own.content) = own.size_bytes AND own.sha256 = encode(sha256(own.content), 'hex')
    AND own.digest = {_DIGEST.format(salt="own.salt", words="own.sha256")} END) IS NOT TRUE
"""  # noqa: S608  # constants only


def declare() -> None:
    """Say which facts the entries carry and which row each speaks of. Called once, at start-up."""
    facts.allow(
        "spend",
        {
            "actor": facts.ACTOR,
            "amount_minor": facts.MINOR,
            "currency": facts.CURRENCY,
            "category": facts.one_of(Category.values),
            "due_s": facts.COUNT,
            "paid_on": DAY,
            "why": facts.one_of(OffWhy.values),
            "words_digest": facts.DIGEST,  # salted
            "reason_digest": facts.DIGEST,  # likewise
            "digest": facts.DIGEST,  # likewise
            "bytes": facts.COUNT,
            "file": facts.one_of(FileKind.values),
        },
    )
    rows.declare(
        "spend",
        dict.fromkeys(EVENTS, Row("toolrouter_purchase"))
        | {KEPT: Row("toolrouter_purchasereceipt")},
        comparisons=[
            Comparison("purchases and their entries", ENTRIES),
            Comparison("purchases and what was approved", APPROVED),
            Comparison("purchases and what was declared", DECLARED),
            Comparison("receipts' files and their entries", FILES),
        ],
        moves_money=True,
    )

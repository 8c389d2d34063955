"""Ask people whether exactly this may be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from approvals.fields import SaltedField, digest_of, salted
from approvals.models import ApprovalField, ApprovalRequest
from approvals.operations.recording import record
from approvals.registry import Around, Envelope, kind_of
from kernel.append_only import new_salt
from kernel.canonical import canonical
from kernel.money import Money
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from kernel.statements import insert_with

REQUESTED: Final = "approval.requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A person has it asked again, as it was or edited: who, and after which request."""

    by_id: int
    of: str = ""  # "" where nobody had been asked then
    is_edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRequest:
    """What was asked, by its reference, and until when it can be decided."""

    reference: str
    decide_by: datetime


def open_request(
    *,
    kind: str,
    rule: str,
    envelope: Envelope,
    around: Around,
    subject_ref: str,
    project_ref: str,
    run_ref: str,
    mode: str,
    trace_ref: str,
    amount: Money | None,
    policy_version: str,
    now: datetime,
    asked_by_id: int | None = None,
    again: Again | None = None,
    decide_within: timedelta | None = None,
) -> OpenedRequest:
    """Open a request for ``subject_ref``, with what is shown made of ``envelope`` alone.

    ``around`` stands beside it on the page: true at ``now``, part of no digest. ``asked_by_id`` is
    the person who asked, and never decides; None where an agent did. ``again`` says who had an
    agent's request asked once more. ``decide_within`` stands in for the rule's.

    Raises NotCanonical, KeyError for a kind or rule that is not registered, and ValueError where
    the envelope has another project, run, mode or amount.
    """
    asks = kind_of(kind)
    by = asks.rule(rule)
    shown = asks.present(envelope, version=asks.presenter_version)
    drawn = salted(shown.values())
    request = ApprovalRequest(
        reference=new_reference("apr"),
        kind=kind,
        rule=rule,
        subject_ref=subject_ref,
        project_ref=project_ref,
        run_ref=run_ref,
        mode=mode,
        trace_ref=trace_ref,
        **_money(amount),
        shown_digest=digest_of(field.digest for field in drawn),
        presenter_version=asks.presenter_version,
        policy_version=policy_version,
        people_needed=by.people,
        asked_by_id=asked_by_id,
        **_again(again),
        around=json.dumps({**asdict(around), "salt": new_salt()}, ensure_ascii=False),
        opened_at=now,
        decide_by=now + (decide_within or by.decide_within),
    )
    _require_same(request, envelope)
    sealed = salted({**envelope, **request.terms})
    request.fingerprint = digest_of(field.digest for field in sealed)
    fields = _rows(ApprovalField.Part.ENVELOPE, sealed, words=asks.words)
    fields += _rows(ApprovalField.Part.SHOWN, drawn, words=shown.words())
    insert_with(request, ApprovalField, parent="request", rows=fields)
    _record(request, words=sum(field["is_words"] for field in fields), now=now)
    return OpenedRequest(reference=request.reference, decide_by=request.decide_by)


def _money(amount: Money | None) -> dict[str, Any]:
    if amount is None:
        return {"amount_minor": None, "currency": ""}
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}


def _again(again: Again | None) -> dict[str, Any]:
    if again is None:
        return {}
    of = ApprovalRequest.objects.filter(reference=again.of).first()
    return {"again_by_id": again.by_id, "again_of": of, "is_edited": again.is_edited}


def _record(request: ApprovalRequest, *, words: int, now: datetime) -> None:
    around = hashlib.sha256(request.around.encode()).hexdigest()
    record(
        request,
        "requested",
        now=now,
        refs=[request.again_of.reference] if request.again_of else [],
        facts={"words": words, "around_digest": around},
    )
    nudge_after_commit(REQUESTED)


def _require_same(request: ApprovalRequest, envelope: Envelope) -> None:
    """Raise ValueError where a column would say otherwise than the envelope's own field does.

    The page's button says the column, and the mode in it asks for a second factor.
    """
    columns = {
        "project": request.project_ref,
        "run": request.run_ref,
        "mode": request.mode,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
    }
    for name, value in columns.items():
        if envelope.get(name, value) != value:
            raise ValueError(f"{name} of the envelope is not that of the request")


def _rows(
    part: ApprovalField.Part, fields: Sequence[SaltedField], *, words: frozenset[str]
) -> list[dict[str, Any]]:
    return [
        {
            "part": part.value,
            "name": field.name,
            "is_words": field.name in words,
            "value": canonical(field.value).decode(),
            "salt": field.salt,
            "digest": field.digest,
        }
        for field in fields
    ]

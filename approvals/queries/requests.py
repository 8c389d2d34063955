"""Requests as lists and pages show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse

from approvals.enums import REQUESTS, Factor, RequestState, Verdict, Why
from approvals.fields import SaltedField, digest_of
from approvals.models import ApprovalField, ApprovalRequest, Decision, Revocation
from approvals.registry import CannotApprove, Kind, find_kind, find_rule, kind_of, kinds
from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords

COUNTED_MAX: Final = 99
ROWS_PER_PAGE: Final = 50
ERASED: Final = "Erased"
WE_WERE_LATE: Final = "we were late: it did not run in time after its approval"
MISSED_FOR: Final = timedelta(days=14)
MISSED_MAX: Final = 20
RELATED: Final = ("superseded_by", "asked_again")
ASKED_AGAIN_FROM: Final = (RequestState.REFUSED, RequestState.EXPIRED, RequestState.REVOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request in a list."""

    reference: str
    title: str
    effect: str
    asks: str
    room: Sequence[tuple[str, str]]
    listed: Sequence[tuple[str, str]]  # what lists say of it besides
    agent_words: str
    amount: Money | None
    mode: str
    state_words: OperatorWords
    why_closed: str
    opened_at: datetime
    decide_by: datetime
    closed_at: datetime | None
    again_address: str  # where the reader may have it asked again; "" where they may not
    next_ref: str  # of the request that took its place, or asks the same again


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """What one person answered, or that they took the approval back."""

    who: str
    said: str
    how: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """All that its page shows: what will run, then what stands around it, then who said what."""

    line: RequestLine
    shown: Sequence[tuple[str, str]]
    notes: Sequence[str]
    agent_words: str
    fingerprint: str
    shown_digest: str
    presenter_version: str
    subject_ref: str
    project_ref: str
    run_ref: str
    trace_ref: str
    people_needed: int
    approvals: int
    decisions: Sequence[DecisionLine]
    may_decide: bool
    may_revoke: bool
    is_pending: bool
    is_of_known_kind: bool
    were_we_late: bool
    again_by: str
    again_of: str
    is_edited: bool
    edit_address: str  # where the reader may edit it; "" where they may not
    subject_address: str  # the page of what it is about, and what leads there; "" for none
    subject_words: str
    refuse_words: str
    refused_words: str
    not_before: datetime | None
    execute_by: datetime | None
    needs_second_factor: bool


def waiting_for(person: User, *, limit: int = COUNTED_MAX) -> list[RequestLine]:
    """Return what waits for ``person``, soonest to expire first."""
    waits = waits_for(person).select_related(*RELATED).order_by("decide_by", "pk")[:limit]
    return _lines(waits, person=person)


def missed_by(person: User, *, now: datetime) -> list[RequestLine]:
    """Return what ``person`` could have decided and nobody did in time, the newest first.

    Left out is what was asked again since.
    """
    missed = ApprovalRequest.objects.filter(
        _may(person),
        state__in=[RequestState.EXPIRED, RequestState.SUPERSEDED],
        closed_at__gt=now - MISSED_FOR,
        asked_again__isnull=True,
    )
    newest = missed.select_related(*RELATED).order_by("-closed_at")[:MISSED_MAX]
    return _lines(newest, person=person)


def requests_page(
    *, person: User, cursor: Cursor, state: str = "", mode: str = ""
) -> Page[RequestLine]:
    """Return one page of all requests, newest first."""
    found = ApprovalRequest.objects.select_related(*RELATED)
    if state:
        found = found.filter(state=state)
    if mode:
        found = found.filter(mode=mode)
    page = page_of(found, cursor=cursor, limit=ROWS_PER_PAGE)
    rows = _lines(page.rows, person=person)
    return Page(rows=rows, older_than=page.older_than, newer_than=page.newer_than)


def request_page(reference: str, *, person: User) -> RequestPage | None:
    """Return what the page of a request shows to ``person``, as it was shown to all. Five reads."""
    related = ApprovalRequest.objects.select_related(*RELATED, "again_by", "again_of")
    request = related.filter(reference=reference).first()
    if request is None:
        return None
    fields = list(request.fields.filter(part=ApprovalField.Part.SHOWN))
    shown = _by_name(fields)
    around = _around(request)
    rule = find_rule(request.kind, request.rule)
    has_right = rule is not None and person.has_perm(rule.permission)
    decisions = list(Decision.objects.filter(request=request).select_related("person"))
    return RequestPage(
        line=_line(request, shown, person=person),
        shown=[(label, text) for label, text in _in_order(shown)],
        notes=around.get("notes", ()),
        agent_words=around.get("agent_words", ""),
        fingerprint=request.fingerprint,
        shown_digest=_digest(fields),
        presenter_version=request.presenter_version,
        subject_ref=request.subject_ref,
        project_ref=request.project_ref,
        run_ref=request.run_ref,
        trace_ref=request.trace_ref,
        people_needed=request.people_needed,
        approvals=sum(each.verdict == Verdict.APPROVE for each in decisions),
        decisions=[*map(_decision, decisions), *_revocations(request)],
        may_decide=(
            request.state == RequestState.PENDING
            and has_right
            and not request.keeps_out(person.pk)
            and all(each.person_id != person.pk for each in decisions)
        ),
        may_revoke=request.state == RequestState.APPROVED and has_right,
        is_pending=request.state == RequestState.PENDING,
        is_of_known_kind=rule is not None,
        were_we_late=request.why_closed == Why.EXECUTE_BY,
        again_by=request.again_by.email if request.again_by else "",
        again_of=request.again_of.reference if request.again_of else "",
        is_edited=request.is_edited,
        edit_address=_edit_address(request) if has_right else "",
        **_words_of_kind(request),
        not_before=request.not_before,
        execute_by=request.execute_by,
        needs_second_factor=request.mode == Mode.LIVE,
    )


def against_approving(page: RequestPage, *, person: User, now: datetime) -> str:
    """Say why ``person`` cannot approve what they may decide; "" where nothing is against it."""
    request = ApprovalRequest.objects.only("kind").get(reference=page.line.reference)
    try:
        kind_of(request.kind).require_approver(page.subject_ref, person_id=person.pk, now=now)
    except CannotApprove as reason:
        return str(reason)
    return ""


def may_decide_any(person: User) -> bool:
    """Say whether there are requests of any sort that ``person`` has the right to decide."""
    rules = (rule for kind in kinds() for rule in kind.rules())
    return any(person.has_perm(rule.permission) for rule in rules)


def is_known(reference: str) -> bool:
    """Say whether there is such a request. One statement."""
    return ApprovalRequest.objects.filter(reference=reference).exists()


def _may(person: User) -> Q:
    """Return what ``person`` has the right to decide."""
    may = Q(pk__in=())
    for kind in kinds():
        rules = [rule.name for rule in kind.rules() if person.has_perm(rule.permission)]
        may |= Q(kind=kind.name, rule__in=rules)
    return may


def waits_for(person: User) -> QuerySet[ApprovalRequest]:
    """Return the open questions that ``person`` may answer, and has not."""
    answered = Decision.objects.filter(person=person).values("request_id")
    pending = ApprovalRequest.objects.filter(_may(person), state=RequestState.PENDING)
    others = pending.exclude(asked_by_id=person.pk)
    others = others.exclude(again_by_id=person.pk, people_needed__gt=1)
    return others.exclude(pk__in=answered)


def _lines(requests: Iterable[ApprovalRequest], *, person: User) -> list[RequestLine]:
    listed = list(requests)
    shown = _shown(listed)
    return [_line(request, shown[request.pk], person=person) for request in listed]


def _shown(requests: Sequence[ApprovalRequest]) -> dict[int, dict[str, Any]]:
    """Return what was shown of each request, by field; words that were erased say so."""
    fields = ApprovalField.objects.filter(request__in=requests, part=ApprovalField.Part.SHOWN)
    of_request: dict[int, list[ApprovalField]] = {request.pk: [] for request in requests}
    for field in fields:
        of_request[field.request_id].append(field)
    return {request_id: _by_name(each) for request_id, each in of_request.items()}


def _by_name(fields: Iterable[ApprovalField]) -> dict[str, Any]:
    return {
        field.name: json.loads(field.value)
        if field.value
        else ERASED
        if field.name == "title"
        else ["", ERASED]
        for field in fields
    }


def _digest(fields: Iterable[ApprovalField]) -> str:
    """Return the digest of what is shown now: by a field that was written over nobody decides."""
    return digest_of(
        SaltedField(name=field.name, value=json.loads(field.value), salt=field.salt).digest
        if field.value
        else field.digest
        for field in fields
    )


def _line(request: ApprovalRequest, shown: dict[str, Any], *, person: User) -> RequestLine:
    around = _around(request)
    kind = find_kind(request.kind)
    labels = kind.listed_labels if kind else ()
    later = request.superseded_by or getattr(request, "asked_again", None)
    amount = request.amount_minor
    return RequestLine(
        reference=request.reference,
        title=str(shown["title"]),
        effect=str(shown["effect"][1]),
        asks=around.get("asks", ""),
        room=[(label, text) for label, text in around.get("room", ())],
        listed=[(label, text) for label, text in _in_order(shown) if label in labels],
        agent_words=around.get("agent_words", ""),
        amount=None if amount is None else Money(amount, request.currency),
        mode=request.mode,
        state_words=REQUESTS[request.state],
        why_closed=_why(request),
        opened_at=request.opened_at,
        decide_by=request.decide_by,
        closed_at=request.closed_at,
        again_address="" if later else _again_address(request, person=person),
        next_ref=later.reference if later else "",
    )


def _why(request: ApprovalRequest) -> str:
    if request.why_closed == Why.EXECUTE_BY:
        return WE_WERE_LATE
    return str(Why(request.why_closed).label) if request.why_closed else ""


def _again_address(request: ApprovalRequest, *, person: User) -> str:
    kind, rule = find_kind(request.kind), find_rule(request.kind, request.rule)
    if kind is None or rule is None or not kind.again_url_name:
        return ""
    if request.state not in ASKED_AGAIN_FROM or request.why_closed == Why.SUBJECT_GONE:
        return ""
    if not person.has_perm(rule.permission):
        return ""
    return reverse(kind.again_url_name, args=[request.subject_ref])


def _words_of_kind(request: ApprovalRequest) -> dict[str, str]:
    kind = find_kind(request.kind) or Kind
    name = kind.subject_url_name
    return {
        "subject_address": reverse(name, args=[request.subject_ref]) if name else "",
        "subject_words": kind.subject_words,
        "refuse_words": kind.refuse_words,
        "refused_words": kind.refused_words,
    }


def _edit_address(request: ApprovalRequest) -> str:
    kind = find_kind(request.kind)
    is_over = request.state in ASKED_AGAIN_FROM and request.why_closed != Why.SUBJECT_GONE
    if kind is None or not (is_over or request.state == RequestState.PENDING):
        return ""
    if getattr(request, "asked_again", None) is not None:
        return ""
    return kind.edit_address(request.subject_ref)


def _in_order(shown: dict[str, Any]) -> list[list[str]]:
    return [value for name, value in sorted(shown.items()) if name.startswith("line_")]


def _around(request: ApprovalRequest) -> dict[str, Any]:
    return dict(json.loads(request.around)) if request.around else {}


def _decision(decision: Decision) -> DecisionLine:
    return DecisionLine(
        who=decision.person.email,
        said=Verdict(decision.verdict).label,
        how=Factor(decision.factor).label if decision.factor else "",
        reason=decision.reason,
        at=decision.decided_at,
    )


def _revocations(request: ApprovalRequest) -> list[DecisionLine]:
    taken_back = Revocation.objects.filter(request=request).select_related("person")
    return [
        DecisionLine(
            who=each.person.email, said="revoked", how="", reason=each.reason, at=each.revoked_at
        )
        for each in taken_back
    ]

"""Open requests that this version can neither show nor decide as they were shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from approvals.enums import RequestState
from approvals.models import ApprovalField, ApprovalRequest
from approvals.registry import kind_of

OPEN: Final = (RequestState.PENDING, RequestState.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneRequest:
    """An open request, and what of it this version does not have."""

    reference: str
    state: str
    decide_by: datetime
    gone: str
    is_kind_known: bool


def requests_of_gone_versions() -> Sequence[GoneRequest]:
    """Return the open requests that will expire under this version, soonest first. Two statements.

    Reads columns that every version has: ``doctor`` asks before a deploy, on the tables of the
    version before.
    """
    columns = ("pk", "reference", "state", "kind", "presenter_version", "policy_version")
    rows = ApprovalRequest.objects.filter(state__in=OPEN).order_by("decide_by")
    found = list(rows.values_list(*columns, "decide_by"))
    named = _named([pk for pk, *_ in found])
    lines = []
    for pk, reference, state, kind, presenter, policy, decide_by in found:
        if gone := _gone(kind, presenter, policy, named[pk]):
            line = GoneRequest(
                reference=reference,
                state=state,
                decide_by=decide_by,
                gone=gone,
                is_kind_known=not gone.startswith(_KIND),
            )
            lines.append(line)
    return lines


def what_is_gone(request: ApprovalRequest) -> str:
    """Return what of ``request`` this version does not have; "" where it has all. One statement."""
    return _gone(
        request.kind,
        request.presenter_version,
        request.policy_version,
        _named([request.pk])[request.pk],
    )


_KIND: Final = "kind "


def _gone(kind: str, presenter: str, policy: str, named: Mapping[str, str]) -> str:
    try:
        asks = kind_of(kind)
    except KeyError:
        return f"{_KIND}{kind}"
    if presenter not in asks.presenter_versions():
        return f"presenter {presenter}"
    if policy not in asks.policy_versions:
        return f"policy {policy}"
    return asks.gone(named)


def _named(ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """Return of each request the fields of its envelope that name a version, as they are kept."""
    fields = ApprovalField.objects.filter(
        request_id__in=ids, part=ApprovalField.Part.ENVELOPE, name__in=("operation", "presenter")
    )
    named: dict[int, dict[str, str]] = defaultdict(dict)
    for request_id, name, value in fields.values_list("request_id", "name", "value"):
        named[request_id][name] = value
    return named

"""What is left of what agents set going, once something stopped or held them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.money import Money
from toolrouter.enums import PurchaseState, ReceiptState, Scope
from toolrouter.models import ProviderReceipt, Purchase, ToolCall
from toolrouter.models.calls import RUNNING
from toolrouter.ports import Effect, Operation
from toolrouter.queries.call_pages import CallRow, call_row
from toolrouter.registry import registry

SHOWN_MAX: Final = 100  # of each sort


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLater:
    """What a call made outside, of which we heard only afterwards."""

    call: CallRow
    result_refs: Sequence[str]
    works: bool  # somebody can still use it: a person switches it off

    @property
    def links(self) -> Sequence[str]:
        """Return the payment links among what it made."""
        return [ref for ref in self.result_refs if ref.startswith("plk_")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBuy:
    """A purchase in the hands of people, without the agent's words."""

    reference: str
    approved: Money
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What may still move, or is not confirmed by the provider's own record."""

    running: Sequence[CallRow]  # being asked for, or nobody knows
    unread: Sequence[CallRow]  # done, and the provider's record was not compared yet
    found: Sequence[FoundLater]
    to_buy: Sequence[ToBuy]  # handed to people, who have not said what came of it

    @property
    def is_inert(self) -> bool:
        """Say whether nothing moves any more, as the providers' own records and people confirm."""
        is_known = not self.running and not self.unread and not self.to_buy
        return is_known and not any(one.works for one in self.found)


def left_of(scope: Scope, ref: str, *, since: datetime) -> Left:
    """Return what is left in the account, a project or a run, stopped or held at ``since``.

    Four statements, and one for each sort of effect that was found later.
    """
    calls, of_calls = of_scope(scope, ref), of_scope(scope, ref, by="call__grant__")
    running = ToolCall.objects.filter(state__in=RUNNING, **calls).order_by("pk")
    receipts = ProviderReceipt.objects.select_related("call").filter(**of_calls).order_by("pk")
    later = [each.call for each in receipts.filter(made_at__gte=since)[:SHOWN_MAX]]
    working = _working(later)
    buying = Purchase.objects.filter(state=PurchaseState.TO_BUY, **of_calls).order_by("pk")
    return Left(
        running=[call_row(call) for call in running[:SHOWN_MAX]],
        unread=[
            call_row(each.call) for each in receipts.filter(state=ReceiptState.PENDING)[:SHOWN_MAX]
        ],
        found=[
            FoundLater(
                call=call_row(call),
                result_refs=call.result_refs,
                works=call.reference in working,
            )
            for call in later
        ],
        to_buy=[
            ToBuy(reference=each.reference, approved=each.approved, made_at=each.made_at)
            for each in buying[:SHOWN_MAX]
        ],
    )


def of_scope(scope: Scope, ref: str, *, by: str = "grant__") -> dict[str, str]:
    """Return what a query of calls or tokens is narrowed by; ``by`` leads to the grant."""
    return {
        Scope.ACCOUNT: {},
        Scope.PROJECT: {f"{by}project": ref},
        Scope.RUN: {f"{by}run_ref": ref},
    }[scope]


def _working(calls: Iterable[ToolCall]) -> set[str]:
    """Return the references of those calls whose effect somebody can still use."""
    by_operation: dict[str, list[str]] = defaultdict(list)
    for call in calls:
        by_operation[call.operation].append(call.reference)
    working: set[str] = set()
    for name, refs in by_operation.items():
        entry = registry().find(name)
        if isinstance(entry, Operation) and isinstance(entry.effect, Effect):
            working |= entry.effect.still_works(refs)
    return working

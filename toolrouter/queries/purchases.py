"""Purchases by hand as pages, agents and the bookkeeper see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now

from approvals.queries import approvers_of
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords
from toolrouter.enums import DO_NOT_BUY, PURCHASES, Category, FileKind, OffWhy, PurchaseState
from toolrouter.models import (
    ProjectSettings,
    ProviderReceipt,
    Purchase,
    PurchaseReceipt,
    SafetySettings,
)
from toolrouter.payees import Payee
from toolrouter.queries.pages import who
from toolrouter.queries.payees import is_new_payee
from toolrouter.vocabulary import Posture

ROWS_PER_PAGE: Final = 50
OF_A_RUN_MAX: Final = 50
_STOPPED: Final = Q(stopped_at__isnull=False)
OFF: Final = ~Q(off_now="")  # of what has its standing
_HELD: Final = Q(held_at__isnull=False) | Q(posture=Posture.HOLD.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    """One purchase in a list. ``off_why`` is "" while it may be bought."""

    reference: str
    mode: str
    state: str
    off_why: str
    off_words: str
    payee: Payee
    what: str
    category: str
    approved: Money
    paid: Money | None
    project_ref: str
    run_ref: str
    trace_ref: str
    call_ref: str
    made_at: datetime
    due_at: datetime
    closed_at: datetime | None
    is_overdue: bool

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators, as long as it is open also whether to buy."""
        return DO_NOT_BUY if self.off_why else PURCHASES[self.state]

    @property
    def is_open(self) -> bool:
        """Say whether it waits for a person."""
        return self.state == PurchaseState.TO_BUY

    @property
    def vendor(self) -> str:
        """Return whom it is paid to, for people."""
        return self.payee.words if self.payee.domain or self.payee.name else "Erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of a receipt's file; ``sha256`` is empty where it was erased."""

    reference: str
    kind: FileKind
    size_bytes: int
    sha256: str
    kept_by: str
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDetail:
    """One purchase with all that its page shows."""

    row: PurchaseRow
    approval_ref: str
    approved_by: Sequence[str]
    called_off_at: datetime | None
    closed_by: str
    paid_on: date | None
    reason: str
    incident_ref: str
    differs: Sequence[str]
    receipt_words: OperatorWords | None
    file: FileFacts | None
    is_new_payee: bool
    may_confirm_payee: bool


class Lane:
    """How the list is narrowed."""

    TO_BUY = "to_buy"
    DO_NOT_BUY = "do_not_buy"
    OVERDUE = "overdue"
    CLOSED = "closed"


LANES: Final = (
    (Lane.TO_BUY, "To buy"),
    (Lane.DO_NOT_BUY, "Do not buy"),
    (Lane.OVERDUE, "Overdue"),
    (Lane.CLOSED, "Closed"),
)


def with_standing(purchases: QuerySet[Purchase]) -> QuerySet[Purchase]:
    """Add ``off_now``: why each that is to be bought must not be, by what holds now; else "".

    And ``is_late``: whether it is overdue by the database's clock.
    What was called off once stays so, also after a stop was released.
    """
    account = SafetySettings.objects.filter(is_the_one=True)
    project = ProjectSettings.objects.filter(project_ref=OuterRef("project_ref"))
    stopped = (
        Exists(account.filter(_STOPPED))
        | Exists(project.filter(_STOPPED))
        | Q(call__grant__stopped_at__isnull=False)
    )
    held = (
        Exists(account.filter(_HELD))
        | Exists(project.filter(_HELD))
        | Q(call__grant__held_at__isnull=False)
        | Q(call__grant__posture=Posture.HOLD.value)
    )
    return purchases.annotate(
        off_now=Case(
            When(~Q(state=PurchaseState.TO_BUY), then=Value("")),
            When(called_off_at__isnull=False, then=F("called_off_why")),
            When(stopped, then=Value(OffWhy.STOPPED.value)),
            When(held, then=Value(OffWhy.HOLD.value)),
            When(call__grant__frozen_at__isnull=False, then=Value(OffWhy.FROZEN.value)),
            When(words_salt="", then=Value(OffWhy.ERASED.value)),
            default=Value(""),
        ),
        is_late=Case(
            When(state=PurchaseState.TO_BUY, due_at__lte=Now(), then=Value(True)),
            default=Value(False),
        ),
    )


def off_now(purchase: Purchase) -> str:
    """Return why a purchase that has its standing must not be bought; "" where it may."""
    return str(vars(purchase)["off_now"])


def purchases_page(*, cursor: Cursor, lane: str = "", mode: str = "") -> Page[PurchaseRow]:
    """Return purchases, newest first, narrowed where something is named. One statement."""
    found = with_standing(Purchase.objects.select_related("call"))
    to_buy = Q(state=PurchaseState.TO_BUY)
    match lane:
        case Lane.TO_BUY:
            found = found.filter(to_buy, ~OFF)
        case Lane.DO_NOT_BUY:
            found = found.filter(to_buy, OFF)
        case Lane.OVERDUE:
            found = found.filter(to_buy, due_at__lte=Now())
        case Lane.CLOSED:
            found = found.exclude(to_buy)
    if mode:
        found = found.filter(mode=mode)
    page = page_of(found, cursor=cursor, limit=ROWS_PER_PAGE)
    return page.map(purchase_row)


def purchases_of_run(run_ref: str) -> list[PurchaseRow]:
    """Return the newest purchases of a run, oldest first. One statement."""
    return _oldest_first(Purchase.objects.filter(run_ref=run_ref))


def purchases_of_trace(trace_ref: str) -> list[PurchaseRow]:
    """Return the newest purchases of a sale, oldest first. One statement."""
    return _oldest_first(Purchase.objects.filter(trace_ref=trace_ref))


def _oldest_first(purchases: QuerySet[Purchase]) -> list[PurchaseRow]:
    found = with_standing(purchases.select_related("call")).order_by("-pk")[:OF_A_RUN_MAX]
    return [purchase_row(purchase) for purchase in reversed(found)]


def purchase_row(purchase: Purchase) -> PurchaseRow:
    """Read one purchase that has its standing."""
    off_why = off_now(purchase)
    return PurchaseRow(
        reference=purchase.reference,
        mode=purchase.mode,
        state=purchase.state,
        off_why=off_why,
        off_words=OffWhy(off_why).label if off_why else "",
        payee=Payee(domain=purchase.payee, name=purchase.vendor_name),
        what=purchase.what,
        category=Category(purchase.category).label,
        approved=purchase.approved,
        paid=purchase.paid,
        project_ref=purchase.project_ref,
        run_ref=purchase.run_ref,
        trace_ref=purchase.trace_ref,
        call_ref=purchase.call.reference,
        made_at=purchase.made_at,
        due_at=purchase.due_at,
        closed_at=purchase.closed_at,
        is_overdue=bool(vars(purchase)["is_late"]),
    )


def trace_of_purchase(reference: str) -> str:
    """Return the trace of a purchase; "" where there is none."""
    found = Purchase.objects.filter(reference=reference)
    return found.values_list("trace_ref", flat=True).first() or ""


def purchase_by_reference(reference: str) -> PurchaseDetail | None:
    """Return one purchase, or None. At most five statements."""
    purchases = with_standing(Purchase.objects.select_related("call", "closed_by", "incident"))
    purchase = purchases.filter(reference=reference).first()
    if purchase is None:
        return None
    declared = ProviderReceipt.objects.filter(call_id=purchase.call_id).first()
    is_new = is_new_payee(Payee(domain=purchase.payee), mode=purchase.mode)
    return PurchaseDetail(
        row=purchase_row(purchase),
        approval_ref=purchase.approval_ref,
        approved_by=approvers_of(purchase.approval_ref),
        called_off_at=purchase.called_off_at,
        closed_by=who(purchase.closed_by),
        paid_on=purchase.paid_on,
        reason=purchase.reason,
        incident_ref=purchase.incident.reference if purchase.incident else "",
        differs=declared.differs if declared else (),
        receipt_words=declared.state_words if declared else None,
        file=_file_facts(purchase.pk),
        is_new_payee=is_new,
        may_confirm_payee=is_new and bool(purchase.payee)
        and purchase.state == PurchaseState.BOUGHT,
    )  # fmt: skip


def _file_facts(purchase_id: int) -> FileFacts | None:
    files = PurchaseReceipt.objects.select_related("kept_by").defer("content")
    kept = files.filter(purchase_id=purchase_id).first()
    if kept is None:
        return None
    return FileFacts(
        reference=kept.reference,
        kind=FileKind(kept.kind),
        size_bytes=kept.size_bytes,
        sha256=kept.sha256,
        kept_by=who(kept.kept_by),
        kept_at=kept.kept_at,
    )


def file_of(reference: str) -> tuple[FileKind, bytes] | None:
    """Return the file of a purchase's receipt; None where there is none, or none any more."""
    kept = PurchaseReceipt.objects.filter(purchase__reference=reference).first()
    if kept is None or not kept.content:
        return None
    return FileKind(kept.kind), bytes(kept.content)


def standing_of_call(call_ref: str) -> tuple[str, str]:
    """Return the purchase that a call became, and where it stands, for its agent."""
    purchase = with_standing(Purchase.objects.filter(call__reference=call_ref)).first()
    if purchase is None:
        return "", ""
    return purchase.reference, "do_not_buy" if off_now(purchase) else purchase.state


def booked_from(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return what was booked from ``start`` until before ``end``, oldest first. One statement."""
    booked = Purchase.objects.select_related("call", "closed_by").filter(
        state=PurchaseState.BOUGHT, closed_at__gte=start, closed_at__lt=end
    )
    receipts = dict(
        PurchaseReceipt.objects.filter(purchase__in=booked).values_list("purchase_id", "sha256")
    )
    return [
        {
            "purchase": each.reference,
            "mode": each.mode,
            "booked_on": f"{each.closed_at:%Y-%m-%d}",
            "paid_on": f"{each.paid_on:%Y-%m-%d}",
            "vendor": each.payee or each.vendor_name,
            "vendor_is": "domain" if each.payee else "typed name",
            "what": each.what,
            "category": each.category,
            "paid": each.paid,
            "approved": each.approved,
            "paid_by": who(each.closed_by),
            "project": each.project_ref,
            "run": each.run_ref,
            "approval": each.approval_ref,
            "receipt_sha256": receipts.get(each.pk, ""),
        }
        for each in booked.order_by("closed_at", "pk")
    ]

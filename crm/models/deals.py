"""A deal: one possible sale to one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.enums import DEAL_MOVES, DEALS, DealStage
from crm.models.people import Company, Contact
from crm.models.projects import Project
from crm.policy import HOME_PROJECT, TITLE_CHARS_MAX, plain
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import new_reference
from kernel.state_words import OperatorWords
from kernel.statements import insert_shaped
from kernel.transitions import Stateful

_OPEN: Final = """
WITH home AS (SELECT id, reference FROM crm_project WHERE name = %(project_name)s),
made AS (
  INSERT INTO crm_deal (project_id, {columns}) SELECT id, {values} FROM home
  ON CONFLICT (trace_ref, mode) DO NOTHING RETURNING id, reference)
SELECT made.id, made.reference, home.reference FROM made, home
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDeal:
    """A deal that was just made."""

    deal_id: int
    reference: str
    project_ref: str


class Deal(Stateful):
    """One possible sale: from a lead, or from a payment, to won or lost.

    Only money wins a deal, and the order that won it stays on the row: a second payment for the
    same deal is then plain to see. Reasons and notes are words about people and live in the
    timeline (``Activity``), where an erasure can blank them.
    """

    MOVES = DEAL_MOVES
    STATE_FIELD = "stage"

    reference = models.CharField(max_length=40, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="deals", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="deals", db_index=False
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
        db_index=False,
    )
    offer = models.ForeignKey(
        "revenue.Offer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    title = models.CharField(max_length=200)
    stage = models.CharField(max_length=10, choices=DealStage.choices, default=DealStage.LEAD)
    stage_since = models.DateTimeField()
    mode = mode_field()
    trace_ref = models.CharField(max_length=40, editable=False)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)  # both or none
    won_order_ref = models.CharField(max_length=40, null=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        permissions = [
            ("review_lead", "May accept or decline a lead"),
            ("work_deal", "May note, hand over, own and move deals"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="deal_reference_unique"),
            models.UniqueConstraint(
                fields=["trace_ref", "mode"], name="deal_one_per_trace_and_mode"
            ),
            models.UniqueConstraint(fields=["won_order_ref"], name="deal_one_per_winning_order"),
            models.CheckConstraint(
                condition=Q(stage__in=DealStage.values), name="deal_stage_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="deal_mode_known"),
            models.CheckConstraint(
                condition=Q(stage=DealStage.WON, won_order_ref__isnull=False)
                | (~Q(stage=DealStage.WON) & Q(won_order_ref__isnull=True)),
                name="deal_won_iff_an_order_won_it",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, currency__isnull=True)
                | Q(amount_minor__isnull=False, amount_minor__gte=0)
                & Q(currency__isnull=False, currency__regex=r"^[A-Z]{3}$"),
                name="deal_amount_has_a_currency",
            ),
        ]
        indexes = [
            models.Index(fields=["stage", "-id"], name="deal_by_stage"),
            models.Index(fields=["mode", "stage", "-id"], name="deal_by_mode_and_stage"),
            models.Index(fields=["owner", "-id"], name="deal_by_owner"),
            models.Index(fields=["contact", "-id"], name="deal_by_contact"),
            models.Index(fields=["company", "-id"], name="deal_by_company"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return DEALS[self.stage]

    @property
    def amount(self) -> Money | None:
        """Return what the deal is worth, or None while nobody knows."""
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)

    @property
    def is_open(self) -> bool:
        """Say whether the deal may still be won without being taken up again."""
        return self.stage not in (DealStage.WON, DealStage.LOST)

    @classmethod
    def open_once(
        cls,
        *,
        trace_ref: str,
        mode: str,
        contact_id: int,
        title: str,
        stage: DealStage,
        now: datetime,
        company_id: int | None = None,
        offer_id: int | None = None,
        amount: Money | None = None,
        won_order_ref: str | None = None,
    ) -> OpenedDeal | None:
        """Open a deal in the home project in one statement.

        None where that trace already has a deal of that mode: somebody was faster.
        """
        row: dict[str, Any] = {
            "reference": new_reference("deal"),
            "trace_ref": trace_ref,
            "mode": mode,
            "contact_id": contact_id,
            "company_id": company_id,
            "offer_id": offer_id,
            "title": plain(title, chars_max=TITLE_CHARS_MAX),
            "stage": stage,
            "stage_since": now,
            "created_at": now,
            "amount_minor": amount.amount_minor if amount else None,
            "currency": amount.currency if amount else None,
            "won_order_ref": won_order_ref,
        }
        made = insert_shaped(_OPEN, row, project_name=HOME_PROJECT)
        if made is None:
            return None
        return OpenedDeal(deal_id=made[0], reference=made[1], project_ref=made[2])

"""The timeline: what happened with a deal, one line at a time, never rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from psycopg.types.json import Jsonb

from crm.enums import FUNNEL_KINDS, ActivityKind
from crm.models.deals import Deal
from crm.models.people import Contact
from kernel.append_only import AppendOnly, new_salt, salted_digest
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert_shaped

# Ours (``ord_01k9…``) or a provider's (``cs_test_a1…``); no room for a name or an address.
REFERENCE: Final = re.compile(r"^[a-z]{2,6}_[A-Za-z0-9_]{1,250}$")
_WRITE: Final = """
INSERT INTO crm_activity (deal_id, contact_id, mode, {columns})
SELECT id, COALESCE(%(whose_contact_id)s, contact_id), mode, {values}
FROM crm_deal WHERE id = %(of_deal_id)s ON CONFLICT (key) DO NOTHING
RETURNING id, reference
"""


class NotAReference(ValueError):
    """A line of the timeline names something that is no reference. The text names its key."""


class Activity(AppendOnly):
    """One line of the timeline. Append-only; ``key`` makes the same fact one line.

    ``refs`` holds references only (``{"order": "ord_…"}``). What people wrote is in ``words``,
    which an erasure blanks together with the salt of its digest.
    """

    ERASABLE = frozenset({"words", "words_salt"})

    reference = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, choices=ActivityKind.choices)
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+", db_index=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    mode = mode_field()
    refs = models.JSONField(default=dict)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)  # both or none
    words = models.TextField(blank=True, default="", max_length=4000)
    words_salt = models.CharField(max_length=32, blank=True, default="")
    words_digest = models.CharField(max_length=64, blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="activity_reference_unique"),
            models.UniqueConstraint(fields=["key"], name="activity_once_per_key"),
            models.CheckConstraint(
                condition=Q(kind__in=ActivityKind.values), name="activity_kind_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="activity_mode_known"),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, currency__isnull=True)
                | Q(
                    amount_minor__isnull=False,
                    currency__isnull=False,
                    currency__regex=r"^[A-Z]{3}$",
                ),
                name="activity_amount_has_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(words="") | ~Q(words_digest=""), name="activity_words_have_a_digest"
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-id"], name="activity_by_deal"),
            models.Index(fields=["contact", "-id"], name="activity_by_contact"),
            # All that the funnel reads, so that the rows themselves stay untouched.
            models.Index(
                fields=["deal", "kind"],
                condition=Q(kind__in=[*FUNNEL_KINDS]),
                name="activity_of_funnel",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def append(
        cls,
        *,
        key: str,
        kind: ActivityKind,
        deal_id: int,
        now: datetime,
        contact_id: int | None = None,
        refs: Mapping[str, str] = MappingProxyType({}),
        amount: Money | None = None,
        actor_id: int | None = None,
        words: str = "",
    ) -> bool:
        """Append one line in one statement; say whether it is new (the key was unknown).

        Mode, and the contact where none is named, are those of the deal. Raises NotAReference for
        a ``refs`` value that is none: words belong in ``words``.
        """
        if strange := [name for name, ref in refs.items() if not REFERENCE.match(ref)]:
            raise NotAReference(f"{', '.join(strange)}: no reference, and refs hold nothing else")
        salt = new_salt() if words else ""
        row: dict[str, Any] = {
            "reference": new_reference("act"),
            "key": key,
            "kind": kind,
            "actor_id": actor_id,
            "refs": Jsonb(dict(refs)),
            "amount_minor": amount.amount_minor if amount else None,
            "currency": amount.currency if amount else None,
            "words": words,
            "words_salt": salt,
            "words_digest": salted_digest(words, salt=salt) if words else "",
            "occurred_at": now,
            "recorded_at": now,
        }
        made = insert_shaped(_WRITE, row, whose_contact_id=contact_id, of_deal_id=deal_id)
        return made is not None

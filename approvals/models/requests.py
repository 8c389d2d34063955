"""A question to people: may exactly this be done?"""

from __future__ import annotations

from datetime import UTC
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.enums import REQUEST_MOVES, REQUESTS, RequestState, Why
from kernel.append_only import AppendOnly
from kernel.canonical import Canonical
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful

DIGEST_CHARS: Final = 64
IS_DIGEST: Final = r"^[0-9a-f]{64}$"
_OPEN: Final = (RequestState.PENDING, RequestState.APPROVED)


class ApprovalRequest(Stateful):
    """One question, and its answer. One approval covers one attempt.

    ``fingerprint`` is the digest of the envelope and of these ``terms``, ``shown_digest`` that of
    what its presenter made of the envelope; the fields themselves are rows (``ApprovalField``). A
    kind (``approvals.registry``) says who may decide and what an approval sets in motion.
    ``subject_ref`` is what waits for it.
    """

    MOVES = REQUEST_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    kind = models.CharField(max_length=30, editable=False)
    rule = models.CharField(max_length=30, editable=False)
    state = models.CharField(
        max_length=12, choices=RequestState.choices, default=RequestState.PENDING
    )
    subject_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    project_ref = models.CharField(max_length=LENGTH_MAX, editable=False, blank=True)
    run_ref = models.CharField(max_length=LENGTH_MAX, editable=False, blank=True)
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    amount_minor = models.BigIntegerField(null=True, editable=False)
    currency = models.CharField(max_length=3, blank=True, editable=False)
    fingerprint = models.CharField(max_length=DIGEST_CHARS, editable=False)
    shown_digest = models.CharField(max_length=DIGEST_CHARS, editable=False)
    presenter_version = models.CharField(max_length=20, editable=False)
    policy_version = models.CharField(max_length=20, editable=False)
    people_needed = models.PositiveSmallIntegerField(editable=False)
    asked_by = models.ForeignKey(  # where it was a person; they never decide
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Who had an agent's request asked again, as it was or edited (``is_edited``): the agent asks,
    # they decide unless two are needed.
    again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    again_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="asked_again"
    )
    is_edited = models.BooleanField(default=False, editable=False)
    # JSON; true when it was opened. A salt in it keeps its digest from being guessed.
    around = models.TextField(blank=True, editable=False)
    opened_at = models.DateTimeField(editable=False)
    decide_by = models.DateTimeField(editable=False)
    told_at = models.DateTimeField(null=True, editable=False)  # whoever may decide was mailed
    reminded_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    not_before = models.DateTimeField(null=True, editable=False)
    execute_by = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    why_closed = models.CharField(max_length=20, choices=Why.choices, blank=True, editable=False)
    superseded_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="supersedes"
    )

    class Meta:
        permissions = [
            ("decide_outbound", "Can decide what goes out, links included"),
            ("decide_spend", "Can decide what spends, and what only an owner decides"),
            ("view_figures", "Can see how people decide"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="approval_reference_unique"),
            models.UniqueConstraint(
                fields=["subject_ref"],
                condition=Q(state__in=_OPEN),
                name="approval_one_open_for_each_subject",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="approval_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="approval_mode_known"),
            models.CheckConstraint(
                condition=Q(fingerprint__regex=IS_DIGEST, shown_digest__regex=IS_DIGEST),
                name="approval_digests_are_sha256",
            ),
            models.CheckConstraint(
                condition=Q(people_needed__gte=1), name="approval_needs_somebody"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, currency="")
                | Q(amount_minor__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="approval_amount_has_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(decide_by__gt=F("opened_at")), name="approval_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(again_of__isnull=True) | Q(again_by__isnull=False),
                name="approval_asked_again_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(is_edited=False) | Q(again_by__isnull=False),
                name="approval_edited_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[RequestState.APPROVED, RequestState.CONSUMED, RequestState.REVOKED],
                    not_before__isnull=False,
                    execute_by__gt=F("not_before"),
                )
                | Q(state=RequestState.EXPIRED)
                | Q(
                    state__in=[
                        RequestState.PENDING,
                        RequestState.REFUSED,
                        RequestState.SUPERSEDED,
                    ],
                    not_before__isnull=True,
                    execute_by__isnull=True,
                ),
                name="approval_times_go_with_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OPEN, closed_at__isnull=True)
                | (~Q(state__in=_OPEN) & Q(closed_at__isnull=False)),
                name="approval_closed_iff_its_state_is_final",
            ),
        ]
        indexes = [
            models.Index(
                fields=["decide_by"],
                condition=Q(state=RequestState.PENDING),
                name="approval_pending_by_time",
            ),
            models.Index(
                fields=["opened_at"],
                condition=Q(state=RequestState.PENDING, told_at__isnull=True),
                name="approval_untold_by_time",
            ),
            models.Index(
                fields=["execute_by"],
                condition=Q(state=RequestState.APPROVED),
                name="approval_approved_by_time",
            ),
            models.Index(fields=["-id", "state"], name="approval_newest"),
            models.Index(
                fields=["-closed_at"],
                condition=Q(state__in=[RequestState.EXPIRED, RequestState.SUPERSEDED]),
                name="approval_missed_newest",
            ),
            models.Index(fields=["run_ref", "-id"], name="approval_by_run"),
            models.Index(fields=["trace_ref"], name="approval_by_trace"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return REQUESTS[self.state]

    @property
    def terms(self) -> dict[str, Canonical]:
        """Return what the fingerprint covers besides the envelope: who asked, who decides, by when,
        under which versions; and what else stands in columns beside it.

        Whoever could change these columns by hand would let others approve it, or approve more.
        """
        again = {}
        if self.again_by_id:
            named = "approval_edited_by" if self.is_edited else "approval_again_by"
            again = {named: f"user:{self.again_by_id}"}
        return {
            **again,
            "approval_kind": self.kind,
            "approval_rule": self.rule,
            "approval_people": self.people_needed,
            "approval_subject": self.subject_ref,
            "approval_asked_by": f"user:{self.asked_by_id}" if self.asked_by_id else "",
            "approval_decide_by": self.decide_by.astimezone(UTC).isoformat(timespec="microseconds"),
            "approval_project": self.project_ref,
            "approval_run": self.run_ref,
            "approval_mode": self.mode,
            "approval_amount": str(self.amount_minor) if self.currency else "",
            "approval_currency": self.currency,
            "approval_presenter": self.presenter_version,
            "approval_policy": self.policy_version,
        }

    def keeps_out(self, person_id: int | None) -> bool:
        """Say whether this person never decides it, whatever their role."""
        has_asked_again = self.again_by_id == person_id and self.people_needed > 1
        return person_id is not None and (self.asked_by_id == person_id or has_asked_again)

    @property
    def is_open(self) -> bool:
        """Say whether it can still be decided, or used."""
        return self.state in _OPEN


class ApprovalField(AppendOnly):
    """One field of what was approved, or of what was shown: name, value and salt.

    ``value`` is in canonical form (``kernel.canonical``). Words about a person are blanked with
    their salt; the digest stays, and so do the digests over all fields.
    """

    ERASABLE = frozenset({"value", "salt"})

    class Part(models.TextChoices):
        """Which of the two digests it belongs to."""

        ENVELOPE = "envelope", "what will run"
        SHOWN = "shown", "what was shown"

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="fields", db_index=False
    )
    part = models.CharField(max_length=8, choices=Part.choices)
    name = models.CharField(max_length=60)
    is_words = models.BooleanField()
    value = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=DIGEST_CHARS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "part", "name"], name="approval_field_once_for_each_name"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=IS_DIGEST), name="approval_field_digest_is_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}:{self.part}:{self.name}"

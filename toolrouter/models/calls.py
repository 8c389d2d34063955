"""What an agent asked for, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import CALL_MOVES, CALLS, CallState
from toolrouter.models.grants import Grant
from toolrouter.vocabulary import Code, Risk

KEY_CHARS_MAX = 100
CLOSED = (CallState.DONE, CallState.DENIED, CallState.FAILED)
RUNNING = (CallState.EXECUTING, CallState.UNKNOWN)
WAITING = (CallState.NEEDS_APPROVAL, CallState.APPROVED)
OPEN = (*WAITING, *RUNNING)
NEEDING_PEOPLE = [str(risk) for risk in Risk if risk.needs_person]


class ToolCall(Stateful):
    """One thing that an agent asked for: what the policy made of it, from which facts, and the end.

    ``key`` is the agent's own, unique within its run; None where it named none. What was asked,
    name and arguments, are words that an erasure blanks beside the salt of their digest; of what a
    read returned only the hash, the number of records and their references are kept. A call whose
    run and credential disagree belongs to no run: then there is no grant, and no words are kept.
    ``facts`` are the policy's, of ``policy_version``: the decision can be made from them again;
    ``claim_facts`` are those of the claim. A claimed call is claimed by nobody again: whoever
    claimed it asks the provider until ``deadline_at``, and after that it is only looked for
    (``look_at``), until it is found, or was absent twice. A call that a restored database knows as
    open is only looked for as well: it may have run after the backup (``restored_at``).
    """

    MOVES = CALL_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    grant = models.ForeignKey(
        Grant, models.PROTECT, null=True, related_name="+", db_index=False, editable=False
    )
    credential_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    run_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    project_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    key = models.CharField(max_length=KEY_CHARS_MAX, null=True, editable=False)
    operation = models.CharField(max_length=60, editable=False)
    risk = models.CharField(
        max_length=20,
        choices=[(risk.value, risk.value) for risk in Risk],
        blank=True,
        editable=False,
    )
    subject_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    asked = models.TextField(blank=True, editable=False)  # JSON
    asked_salt = models.CharField(max_length=32, blank=True, editable=False)
    asked_digest = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=20, choices=CallState.choices, editable=False)
    codes = ArrayField(models.CharField(max_length=30), default=list, editable=False)
    # What it moves, where it needs a person, and the request that a person was asked by.
    amount_minor = models.BigIntegerField(null=True, editable=False)
    currency = models.CharField(max_length=3, blank=True, editable=False)
    approval_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    policy_version = models.PositiveIntegerField(editable=False)
    facts = models.JSONField(null=True, editable=False)
    result = models.JSONField(null=True, editable=False)  # of what wrote: references only
    result_digest = models.CharField(max_length=64, blank=True, editable=False)
    result_refs = ArrayField(models.CharField(max_length=LENGTH_MAX), default=list, editable=False)
    runs = models.PositiveIntegerField(default=1, editable=False)  # a read runs again
    again_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False, editable=False
    )
    # Who had it asked again; the run stays who asks.
    again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    asked_at = models.DateTimeField(editable=False)
    claim_facts = models.JSONField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    deadline_at = models.DateTimeField(null=True, editable=False)
    unknown_at = models.DateTimeField(null=True, editable=False)
    absent_at = models.DateTimeField(null=True, editable=False)  # first time that it was not there
    look_at = models.DateTimeField(null=True, editable=False)  # when it is looked for next
    closed_at = models.DateTimeField(null=True, editable=False)
    # A restored database does not know whether it ran: nobody claimed it here, and it may have run.
    restored_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        permissions = [("read_asked", "Can read what agents wrote in their calls")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="call_reference_unique"),
            models.UniqueConstraint(fields=["grant", "key"], name="call_once_per_key_and_run"),
            models.CheckConstraint(
                condition=Q(state__in=CallState.values), name="call_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="call_mode_known"),
            models.CheckConstraint(
                condition=Q(state=CallState.DENIED, codes__len__gt=0)
                | ~Q(state=CallState.DENIED) & Q(codes=[]),
                name="call_denied_iff_there_is_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(codes__contained_by=[str(code) for code in Code]),
                name="call_codes_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CLOSED, closed_at__isnull=False)
                | ~Q(state__in=CLOSED) & Q(closed_at__isnull=True),
                name="call_closed_iff_it_came_to_an_end",
            ),
            models.CheckConstraint(
                condition=Q(grant__isnull=False) & ~Q(run_ref="") & ~Q(project_ref="")
                | Q(grant__isnull=True, run_ref="", project_ref="", trace_ref="", asked="")
                & Q(codes__contains=[Code.WRONG_RUN.value]),
                name="call_of_a_run_unless_it_named_a_wrong_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RUNNING, claimed_at__isnull=False, deadline_at__isnull=False)
                | Q(state=CallState.UNKNOWN, restored_at__isnull=False, deadline_at__isnull=False)
                | Q(state__in=[CallState.DONE, CallState.FAILED])
                | ~Q(state__in=RUNNING) & Q(claimed_at__isnull=True, deadline_at__isnull=True),
                name="call_runs_only_if_it_was_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CallState.DONE, CallState.FAILED])
                | ~Q(risk__in=NEEDING_PEOPLE)
                | Q(claimed_at__isnull=False)
                | Q(restored_at__isnull=False),
                name="call_that_needs_people_done_only_if_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=OPEN) | ~Q(approval_ref=""),
                name="call_open_only_if_somebody_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, currency="")
                | Q(amount_minor__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="call_amount_has_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(restored_at__isnull=True)
                | Q(state__in=[CallState.UNKNOWN, CallState.DONE, CallState.FAILED]),
                name="call_restored_only_to_be_looked_for",
            ),
            models.CheckConstraint(
                condition=Q(again_by__isnull=True) | Q(again_of__isnull=False),
                name="call_asked_again_names_the_first",
            ),
            # An operation that nobody has is nothing to have a risk.
            models.CheckConstraint(
                condition=~Q(risk="") | Q(state=CallState.DENIED), name="call_without_risk_denied"
            ),
        ]
        indexes = [
            models.Index(fields=["grant", "-id"], name="call_by_grant"),
            models.Index(fields=["trace_ref", "id"], name="call_by_trace"),
            models.Index(fields=["state", "-id"], name="call_by_state"),
            models.Index(fields=["project_ref", "-id"], name="call_by_project"),
            models.Index(fields=["subject_ref", "operation", "-closed_at"], name="call_by_subject"),
            models.Index(
                fields=["look_at"], condition=Q(look_at__isnull=False), name="call_looked_for"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return CALLS[self.state]


class CallCount(models.Model):
    """How many calls a run made in one minute, and how many of them need a person.

    Rows, so that a limit holds without Redis; what is beyond a limit is counted and nowhere else.
    ``token_ref``: a token that lets nobody in any more is counted by itself, and not for its run.
    """

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="+", db_index=False)
    token_ref = models.CharField(max_length=LENGTH_MAX, blank=True, default="", editable=False)
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField()
    proposals = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "token_ref", "minute"], name="call_count_once_a_minute"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calls} in {self.minute:%H:%M}"

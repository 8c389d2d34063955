"""What a run hands in: its sections, and the documents that are made of them."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from fulfillment.enums import (
    DELIVERABLE_MOVES,
    DELIVERABLES,
    DeliverableKind,
    DeliverableState,
    SectionKind,
)
from fulfillment.models.runs import AcquisitionRun
from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful

IS_DIGEST: Final = r"^[0-9a-f]{64}$"


class Section(AppendOnly):
    """One version of one section: what was submitted and accepted, or edited by a person.

    The newest of each name counts; the others stay. ``content`` is an erasure's to blank, with the
    salt of its digest.
    """

    ERASABLE = frozenset({"content", "content_salt"})

    reference = models.CharField(max_length=LENGTH_MAX)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    mode = mode_field()
    name = models.CharField(max_length=12, choices=SectionKind.choices)
    content = models.TextField(blank=True)  # JSON
    content_salt = models.CharField(max_length=32, blank=True)
    content_digest = models.CharField(max_length=64)
    call_ref = models.CharField(max_length=LENGTH_MAX, blank=True)  # by which an agent wrote it
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="section_reference_unique"),
            models.CheckConstraint(
                condition=Q(name__in=SectionKind.values), name="section_name_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="section_mode_known"),
            models.CheckConstraint(
                condition=Q(call_ref="", written_by__isnull=False)
                | (~Q(call_ref="") & Q(written_by__isnull=True)),
                name="section_written_by_a_call_or_a_person",
            ),
        ]
        indexes = [models.Index(fields=["run", "-id"], name="section_by_run")]

    def __str__(self) -> str:
        return self.reference


class Deliverable(Stateful):
    """One document of a run as it was handed in: the very bytes that its reader gets, or never.

    ``section_refs`` are the versions that it is made of. Bytes and words are an erasure's to blank;
    that there was a document, and its hashes, stays. ``wrong_at``: its reader found a mistake.
    """

    MOVES = DELIVERABLE_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    kind = models.CharField(max_length=16, choices=DeliverableKind.choices, editable=False)
    state = models.CharField(max_length=12, choices=DeliverableState.choices)
    number = models.PositiveIntegerField(editable=False)  # of its run
    section_refs = ArrayField(models.CharField(max_length=LENGTH_MAX), editable=False)
    page = models.BinaryField(null=True, editable=False)
    page_sha256 = models.CharField(max_length=64, editable=False)
    pdf = models.BinaryField(null=True, editable=False)
    pdf_sha256 = models.CharField(max_length=64, editable=False)
    call_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    wrong_at = models.DateTimeField(null=True, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        permissions = [("review_deliverable", "Can review, edit and send back what runs hand in")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="deliverable_reference_unique"),
            models.UniqueConstraint(
                fields=["run", "number"], name="deliverable_numbered_in_its_run"
            ),
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(state=DeliverableState.IN_REVIEW),
                name="deliverable_one_in_review_for_each_run",
            ),
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(state=DeliverableState.RELEASED),
                name="deliverable_one_released_for_each_run",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliverableState.values), name="deliverable_state_known"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="deliverable_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(page_sha256__regex=IS_DIGEST, pdf_sha256__regex=IS_DIGEST),
                name="deliverable_digests_are_sha256",
            ),
            models.CheckConstraint(
                condition=Q(page__isnull=False, pdf__isnull=False, erased_at__isnull=True)
                | Q(page__isnull=True, pdf__isnull=True, erased_at__isnull=False),
                name="deliverable_has_its_bytes_iff_not_erased",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliverableState.IN_REVIEW, closed_at__isnull=True)
                | (~Q(state=DeliverableState.IN_REVIEW) & Q(closed_at__isnull=False)),
                name="deliverable_closed_iff_out_of_review",
            ),
            models.CheckConstraint(
                condition=Q(wrong_at__isnull=True) | Q(state=DeliverableState.RELEASED),
                name="deliverable_wrong_only_if_released",
            ),
        ]
        indexes = [
            models.Index(
                fields=["made_at"],
                condition=Q(state=DeliverableState.IN_REVIEW),
                name="deliverable_to_review",
            ),
            models.Index(fields=["trace_ref"], name="deliverable_by_trace"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return DELIVERABLES[self.state]

"""What a run looked up on the web: each request for it, and each page that was read."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from fulfillment.enums import (
    LOOKUP_MOVES,
    LOOKUPS,
    SOURCE_MOVES,
    SOURCES,
    LookupKind,
    LookupState,
    SourceState,
)
from fulfillment.models.runs import AcquisitionRun
from kernel.leases import Leased
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful

URL_CHARS_MAX: Final = 2000
TITLE_CHARS_MAX: Final = 300
EXCERPT_CHARS_MAX: Final = 400
TEXT_CHARS_MAX: Final = 400_000
BYTES_MAX: Final = 1024 * 1024


class Source(Stateful):
    """One page of the web as it was read for a run: content from outside, with its provenance.

    ``text`` is what a program took out of the page; what is quoted must stand in it. ``sha256``
    is of the bytes that came, which are kept for a while (``body``). A page in which the firewall
    found words that address an agent (``codes``) is quarantined: its run gets no word of it before
    a person has released it. All words are an erasure's to blank, with the salt of the text's
    digest.
    """

    MOVES = SOURCE_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    mode = mode_field()
    state = models.CharField(max_length=12, choices=SourceState.choices, editable=False)
    url = models.TextField(blank=True, editable=False)  # as it was asked for
    final_url = models.TextField(blank=True, editable=False)  # after its redirects
    content_type = models.CharField(max_length=100, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveIntegerField(editable=False)  # bytes
    body = models.BinaryField(null=True, editable=False)
    title = models.CharField(max_length=TITLE_CHARS_MAX, blank=True, editable=False)
    published_on = models.DateField(null=True, editable=False)  # by its own account
    text = models.TextField(blank=True, editable=False)
    text_salt = models.CharField(max_length=32, blank=True, editable=False)
    text_digest = models.CharField(max_length=64, editable=False)
    excerpt = models.CharField(max_length=EXCERPT_CHARS_MAX, blank=True, editable=False)
    codes = ArrayField(models.CharField(max_length=30), default=list, editable=False)
    read_at = models.DateTimeField(editable=False)
    emptied_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(null=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )

    class Meta:
        permissions = [("release_source", "Can release a quarantined source")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="source_reference_unique"),
            models.CheckConstraint(
                condition=Q(state__in=SourceState.values), name="source_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="source_mode_known"),
            models.CheckConstraint(condition=Q(size__lte=BYTES_MAX), name="source_size_is_bounded"),
            models.CheckConstraint(
                condition=Q(body__isnull=True, emptied_at__isnull=False)
                | Q(body__isnull=False, emptied_at__isnull=True),
                name="source_emptied_iff_its_bytes_are_gone",
            ),
            models.CheckConstraint(
                condition=Q(codes=[])
                | Q(state=SourceState.QUARANTINED)
                | Q(released_by__isnull=False),
                name="source_with_codes_released_by_a_person",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
                name="source_released_by_somebody_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="source_by_run"),
            models.Index(
                fields=["read_at"], condition=Q(emptied_at__isnull=True), name="source_with_bytes"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return SOURCES[self.state]


class Lookup(Stateful, Leased):
    """One thing that a run wants looked up on the web: a search, or a page to read.

    Made in the commit of its tool call and done by a worker, within its time and a few tries:
    looking changes nothing outside, so it may be repeated. A page that was read is a ``Source``;
    what a search found is kept here, for its run alone, until the run ends.
    """

    MOVES = LOOKUP_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    mode = mode_field()
    call_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    kind = models.CharField(max_length=8, choices=LookupKind.choices, editable=False)
    asked = models.TextField(blank=True, editable=False)  # a query, or an address
    state = models.CharField(max_length=8, choices=LookupState.choices, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=30, blank=True, editable=False)  # ``ports_web.Fault``
    source = models.OneToOneField(
        Source, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    found = models.JSONField(null=True, editable=False)  # what a search found
    found_count = models.PositiveIntegerField(null=True, editable=False)
    found_salt = models.CharField(max_length=32, blank=True, editable=False)
    found_digest = models.CharField(max_length=64, blank=True, editable=False)
    asked_at = models.DateTimeField(editable=False)
    deadline_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="lookup_reference_unique"),
            # Asked again it is the same one, unless that failed.
            models.UniqueConstraint(
                fields=["run", "kind", "asked"],
                condition=~Q(state=LookupState.FAILED) & ~Q(asked=""),
                name="lookup_once_per_run",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LookupKind.values), name="lookup_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LookupState.values), name="lookup_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="lookup_mode_known"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[LookupState.QUEUED, LookupState.RUNNING],
                    next_attempt_at__isnull=False,
                    ended_at__isnull=True,
                )
                | Q(
                    state__in=[LookupState.DONE, LookupState.FAILED],
                    next_attempt_at__isnull=True,
                    ended_at__isnull=False,
                ),
                name="lookup_due_until_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(state=LookupState.FAILED) & ~Q(error="") | ~Q(state=LookupState.FAILED),
                name="lookup_failed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=LookupState.DONE)
                | Q(kind=LookupKind.FETCH, source__isnull=False)
                | Q(kind=LookupKind.SEARCH, found_count__isnull=False),
                name="lookup_done_with_what_it_found",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "kind", "id"], name="lookup_by_run"),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state__in=[LookupState.QUEUED, LookupState.RUNNING]),
                name="lookup_due",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return LOOKUPS[self.state]

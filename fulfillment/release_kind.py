"""Requests to release a document, as ``approvals`` knows them: an owner decides, at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from approvals.enums import RequestState
from approvals.registry import CannotApprove, Envelope, Kind, Line, Rule, Shown
from fulfillment.enums import DeliverableKind, DeliverableState
from fulfillment.models import Deliverable
from fulfillment.operations.progress import lock_run
from fulfillment.operations.releasing import KIND as NAME
from fulfillment.operations.releasing import POLICY, RULE, OtherBytes, release, send_back
from kernel.transitions import IllegalMove

PRESENTER: Final = "release-1"
NEVER: Final = timedelta(days=3650)  # it waits as long as its run does


class Release(Kind):
    """A snapshot goes to its buyer, exactly as it is."""

    name = NAME
    takes_effect_at_once = True
    listed_labels = ("Run",)
    subject_url_name = "deliverable"
    subject_words = "Read it beside its sources"
    refuse_words = "Send back"
    refused_words = "Sent back. The agent works on it again."

    def rules(self) -> Sequence[Rule]:
        """Return the one rule: an owner, at once."""
        return [
            Rule(
                name=RULE,
                permission="approvals.decide_spend",
                people=1,
                decide_within=NEVER,
                hold=timedelta(0),
                usable=timedelta(days=1),
            )
        ]

    def presenter_versions(self) -> frozenset[str]:
        """Return the one that there is."""
        return frozenset({PRESENTER})

    @property
    def presenter_version(self) -> str:
        """Return the newest."""
        return PRESENTER

    @property
    def policy_versions(self) -> frozenset[str]:
        """Return the one that there is."""
        return frozenset({POLICY})

    def present(self, envelope: Envelope, *, version: str) -> Shown:
        """Say which document goes out, by the hashes of its bytes."""
        if version != PRESENTER:
            raise LookupError(version)
        what = DeliverableKind(str(envelope["kind"])).label.lower()
        labels = (
            ("Document", "deliverable"), ("Version", "version"), ("SHA-256 of the page", "page"),
            ("SHA-256 of the PDF", "pdf"), ("Project", "project"), ("Run", "run"),
            ("Environment", "mode"),
        )  # fmt: skip
        return Shown(
            title=f"A {what} waits for its release",
            effect=Line(label="", value=f"The buyer gets this {what}, exactly as it is."),
            lines=[Line(label=label, value=str(envelope[name])) for label, name in labels],
        )

    def lock(self, subject_ref: str) -> None:
        """Hold the run, then its document: nobody pauses, edits or stops meanwhile."""
        lock_run(Deliverable.objects.get(reference=subject_ref).run.reference)
        _locked(subject_ref)

    def require_approver(self, subject_ref: str, *, person_id: int, now: datetime) -> None:
        """Let every owner."""

    def approved(self, subject_ref: str, *, request_ref: str, now: datetime) -> None:
        """Release it. Raises CannotApprove where it stands otherwise by now."""
        deliverable = _locked(subject_ref)
        if deliverable.state != DeliverableState.IN_REVIEW:
            raise CannotApprove("This document is not in review any more.")
        try:
            release(deliverable, request_ref=request_ref, now=now)
        except OtherBytes as error:
            raise CannotApprove("The stored document is not the one that was shown.") from error
        except IllegalMove as error:
            raise CannotApprove("Its run is paused or over. Nothing was released.") from error

    def closed(self, subject_ref: str, *, outcome: str, why: str, now: datetime) -> None:  # noqa: ARG002  # the kind's
        """Send it back where a person refused; whatever else closed it has done its part."""
        deliverable = _locked(subject_ref)
        if outcome == RequestState.REFUSED and deliverable.state == DeliverableState.IN_REVIEW:
            send_back(deliverable, now=now)


def _locked(reference: str) -> Deliverable:
    chosen = Deliverable.objects.select_for_update(no_key=True, of=("self",))
    return chosen.select_related("run__intake").get(reference=reference)


KIND: Final = Release()

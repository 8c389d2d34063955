"""Filing a request as a lead, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.enums import ActivityKind, DealStage
from crm.models import Activity, Company, Contact, Deal
from crm.policy import company_identity
from kernel.append_only import salted_digest
from kernel.references import new_reference
from ledger import operations as ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequest:
    """What a visitor typed, already cleaned."""

    name: str
    email: str
    company: str
    website: str
    wish: str

    def in_words(self) -> str:
        """Return the request as the operator reads it in the timeline."""
        who = [self.name, self.email, self.company, self.website]
        return "\n".join([self.wish, "", *(line for line in who if line)])


def file_request(*, asked: SnapshotRequest, trace_ref: str, mode: str, now: datetime) -> str:
    """File one request as a lead in the home project and return the deal's reference.

    ``trace_ref`` was minted when the form was shown: the same form sent twice with the same words
    is one lead; with other words it is another lead with a trace of its own. What is known of a
    contact or a company stays as it is, whoever types their names.
    """
    known_by = company_identity(email=asked.email, website=asked.website)
    company_id = Company.find_or_make(
        name=asked.company,
        domain=known_by.domain,
        is_by_name_too=known_by.is_by_name_too,
        website=asked.website,
        is_sample=False,
        now=now,
    )
    contact = Contact.of_stranger(
        email=asked.email, name=asked.name, company_id=company_id, now=now
    )
    known = _sent_before(trace_ref=trace_ref, mode=mode)
    if known is not None and _says_the_same(known, asked):
        return known.reference
    return _open_lead(
        asked,
        contact=contact,
        company_id=company_id,
        trace_ref=trace_ref if known is None else new_reference("trc"),
        mode=mode,
        now=now,
    )


def _sent_before(*, trace_ref: str, mode: str) -> Deal | None:
    return Deal.objects.filter(trace_ref=trace_ref, mode=mode).first()


def _says_the_same(deal: Deal, asked: SnapshotRequest) -> bool:
    said = Activity.objects.filter(deal=deal, kind=ActivityKind.SNAPSHOT_REQUESTED).first()
    if said is None or not said.words_salt:
        return False
    return said.words_digest == salted_digest(asked.in_words(), salt=said.words_salt)


def _open_lead(
    asked: SnapshotRequest,
    *,
    contact: Contact,
    company_id: int,
    trace_ref: str,
    mode: str,
    now: datetime,
) -> str:
    opened = Deal.open_once(
        trace_ref=trace_ref,
        mode=mode,
        contact_id=contact.pk,
        company_id=company_id,
        title=f"Snapshot for {asked.company}",
        stage=DealStage.LEAD,
        now=now,
    )
    if opened is None:  # the same form, sent twice at once: the other one is the lead
        return Deal.objects.get(trace_ref=trace_ref, mode=mode).reference
    Activity.append(
        key=f"request:{opened.reference}",
        kind=ActivityKind.SNAPSHOT_REQUESTED,
        deal_id=opened.deal_id,
        words=asked.in_words(),
        now=now,
    )
    ledger.audit(
        actor_id=None,
        is_visitor=True,
        event="lead.received",
        subject=opened.reference,
        refs=[contact.reference],
        mode=mode,
        trace_ref=trace_ref,
        key=f"lead.received:{opened.reference}",
        now=now,
    )
    return opened.reference

"""A run is told which company and which question it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fulfillment.enums import BriefFrom, RunEventKind, RunState
from fulfillment.models import AcquisitionRun, Brief
from fulfillment.operations.history import by_whom, record_run_event
from fulfillment.operations.progress import brief_given, lock_run
from fulfillment.queries.briefs import newest_brief, takes_brief
from kernel.append_only import new_salt, salted_digest
from kernel.references import new_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefWords:
    """What somebody answered."""

    company: str
    website: str
    question: str

    @property
    def hashed(self) -> str:
        """Return what the digest is made over."""
        return "\n".join([self.company, self.website, self.question])


class BriefTooLate(Exception):
    """Planning has begun, the run stands still or is over: nobody reads another answer."""


def give_brief(
    run_ref: str, *, words: BriefWords, given_as: BriefFrom, now: datetime, by_id: int | None = None
) -> str:
    """Keep an answer and let planning begin; return its reference. The newest one counts.

    The same words again change nothing. Raises BriefTooLate once the agent has had a turn, and
    AcquisitionRun.DoesNotExist.
    """
    run = lock_run(run_ref)
    if not takes_brief(run):
        raise BriefTooLate(run_ref)
    known = newest_brief(run.pk)
    if known is not None and (known.company, known.website, known.question) == (
        *(words.company, words.website, words.question),
    ):
        return known.reference
    brief = _keep(run, words, given_as=given_as, by_id=by_id, now=now)
    facts = {**by_whom(by_id), "given_as": str(given_as), "digest": brief.digest}
    if given_as != BriefFrom.COLLEAGUE:
        facts |= {"actor": "visitor"}
    record_run_event(
        run, kind=RunEventKind.BRIEF_GIVEN, facts=facts, refs=[brief.reference], now=now
    )
    if run.state == RunState.WAITING_FOR_BRIEF:
        brief_given(run, now=now)
    return brief.reference


def _keep(
    run: AcquisitionRun,
    words: BriefWords,
    *,
    given_as: BriefFrom,
    by_id: int | None,
    now: datetime,
) -> Brief:
    salt = new_salt()
    return Brief.objects.create(
        reference=new_reference("brf"),
        run=run,
        mode=run.mode,
        company=words.company,
        website=words.website,
        question=words.question,
        salt=salt,
        digest=salted_digest(words.hashed, salt=salt),
        given_as=given_as,
        given_by_id=by_id,
        given_at=now,
    )

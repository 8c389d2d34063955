"""Sections are taken, and documents made of them, in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

from django.conf import settings
from pydantic import ValidationError

from fulfillment.enums import DeliverableKind, DeliverableState, SectionKind
from fulfillment.firewall import Blocked, check_outgoing
from fulfillment.models import AcquisitionRun, Deliverable, Section
from fulfillment.operations.releasing import ask_for_release
from fulfillment.queries.briefs import newest_brief
from fulfillment.queries.deliverables import newest_sections, pages_of_run, snapshot_of
from fulfillment.snapshots.document import Issue, Maker, lay_out
from fulfillment.snapshots.page import as_page
from fulfillment.snapshots.pdf import DoesNotFit, as_pdf
from fulfillment.snapshots.pen import undrawable
from fulfillment.snapshots.quoting import Problem, problems_of
from fulfillment.snapshots.schema import SECTION_NAMES, SECTIONS
from fulfillment.snapshots.schema import Section as SectionContent
from fulfillment.snapshots.sources import Pages
from kernel.append_only import new_salt, salted_digest
from kernel.modes import Mode
from kernel.references import new_reference
from toolrouter.queries import grant_of_run

PROBLEMS_SAID_MAX: Final = 20
MISSING: Final = "section_missing"
ERASED: Final = "section_erased"
CANNOT_BE_DRAWN: Final = "cannot_be_drawn"
DOES_NOT_FIT: Final = "does_not_fit"
FORBIDDEN_WORDS: Final = "forbidden_words"
_Check: TypeAlias = Callable[[str], tuple[Blocked, ...]]


class NotTaken(Exception):
    """What was submitted breaks rules; ``problems`` say which, and where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(f"{each.where}: {each.code}" for each in problems))
        self.problems = problems[:PROBLEMS_SAID_MAX]


def write_section(
    run: AcquisitionRun,
    *,
    name: str,
    content: Mapping[str, Any],
    now: datetime,
    call_ref: str = "",
    written_by_id: int | None = None,
) -> Section:
    """Keep a section of the run, which the caller holds. Raises NotTaken.

    By an agent's call, or by a person.
    """
    read = _read(name, content)
    pages = pages_of_run(run.reference)
    if problems := list(_problems(read, pages, _outgoing(run, pages))):
        raise NotTaken(problems)
    words, salt = json.dumps(read.model_dump(mode="json"), ensure_ascii=False), new_salt()
    return Section.objects.create(
        reference=new_reference("sec"),
        run=run,
        mode=run.mode,
        name=SectionKind(name),
        content=words,
        content_salt=salt,
        content_digest=salted_digest(words, salt=salt),
        call_ref=call_ref,
        written_by_id=written_by_id,
        written_at=now,
    )


def make_deliverable(
    run: AcquisitionRun, *, now: datetime, call_ref: str = "", edited_by_id: int | None = None
) -> Deliverable:
    """Make the document of the run's newest sections and ask an owner to release it.

    The caller holds the run, and none of its documents is in review. Everything is checked again:
    a source may have gone meanwhile. Raises NotTaken.
    """
    sections = newest_sections(run.pk)
    missing = [Problem(where=name, code=MISSING) for name in SECTION_NAMES if name not in sections]
    snapshot = None if missing else snapshot_of(sections.values())
    if snapshot is None:
        raise NotTaken(missing or [Problem(where="", code=ERASED)])
    pages = pages_of_run(run.reference)
    contents = {name: getattr(snapshot, name) for name in SECTION_NAMES}
    if problems := list(_all_problems(contents, pages, _outgoing(run, pages))):
        raise NotTaken(problems)
    reference = new_reference("dlv")
    document = lay_out(snapshot, pages, issue=_issue(run, reference, now=now))
    try:
        page, pdf = as_page(document), as_pdf(document)
    except DoesNotFit as error:
        raise NotTaken([Problem(where="", code=DOES_NOT_FIT)]) from error
    deliverable = Deliverable(
        reference=reference,
        run=run,
        mode=run.mode,
        trace_ref=run.trace_ref,
        kind=DeliverableKind.SNAPSHOT,
        number=Deliverable.objects.filter(run=run).count() + 1,
        section_refs=[sections[name].reference for name in SECTION_NAMES],
        page=page,
        page_sha256=hashlib.sha256(page).hexdigest(),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        call_ref=call_ref,
        edited_by_id=edited_by_id,
        made_at=now,
    )
    deliverable.begin(DeliverableState.IN_REVIEW)
    deliverable.save(force_insert=True)
    ask_for_release(deliverable, run, now=now)
    return deliverable


def _issue(run: AcquisitionRun, reference: str, *, now: datetime) -> Issue:
    maker = Maker.SCRIPT if run.mode == Mode.SANDBOX else Maker.AGENT
    return Issue(reference=reference, seller=settings.SELLER_NAME, made_on=now.date(), maker=maker)


def _read(name: str, content: Mapping[str, Any]) -> SectionContent:
    try:
        return SECTIONS[name].model_validate(content)
    except ValidationError as error:
        raise NotTaken(list(_malformed(error))) from error


def _malformed(error: ValidationError) -> Iterator[Problem]:
    """Yield where it is malformed, and pydantic's word for how; none of the input's."""
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"])
        yield Problem(where=path.lstrip("."), code=each["type"])


def _all_problems(
    contents: Mapping[str, SectionContent], pages: Pages, check: _Check
) -> Iterator[Problem]:
    for name, content in contents.items():
        for each in _problems(content, pages, check):
            where = f"{name}.{each.where}".rstrip(".")
            yield Problem(where=where, code=each.code, figure=each.figure)


def _problems(content: SectionContent, pages: Pages, check: _Check) -> Iterator[Problem]:
    yield from problems_of(content, pages)
    yield from _undrawable(content)
    yield from _forbidden(content, check)


def _outgoing(run: AcquisitionRun, pages: Pages) -> _Check:
    """Return what says why a text of this run may not go to its buyer.

    It may name pages that the run read, and the website that the buyer named.
    """
    grant, brief = grant_of_run(run.reference), newest_brief(run.pk)
    links = {*(page.url for page in pages.values()), *([brief.website] if brief else [])} - {""}
    return partial(check_outgoing, links=links, run_code=grant.run_code if grant else "")


def _undrawable(content: SectionContent) -> Iterator[Problem]:
    if characters := undrawable("".join(text for _, text in _texts(content.model_dump()))):
        yield Problem(where="", code=CANNOT_BE_DRAWN, figure=characters[:20])


def _forbidden(content: SectionContent, check: _Check) -> Iterator[Problem]:
    """Yield why each text may not go to a buyer; quotes are not printed."""
    for where, text in _texts(content.model_dump()):
        for code in check(text):
            yield Problem(where=where, code=FORBIDDEN_WORDS, figure=str(code))


def _texts(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts that are printed, and where they stand; a quote is not."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in ("quotes", "quote", "source"):
                yield from _texts(each, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _texts(each, f"{where}[{place}]")

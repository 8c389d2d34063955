"""What an agent hands in: sections one by one, then the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

from fulfillment.enums import DeliverableState, RunState
from fulfillment.models import AcquisitionRun
from fulfillment.operations import progress
from fulfillment.operations.deliverables import NotTaken, make_deliverable, write_section
from fulfillment.operations.progress import lock_run
from fulfillment.queries.deliverables import newest_sections
from fulfillment.snapshots.schema import SECTION_NAMES, SECTIONS, SectionName
from toolrouter.ports import Answered, Arguments, Call, Entry, NotPossible, Operation, Risk


def _inlined(schema: object, defined: Mapping[str, object]) -> object:
    """Return a schema with each reference replaced by what it stands for: none is recursive."""
    if isinstance(schema, list):
        return [_inlined(each, defined) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(defined[str(schema["$ref"]).rpartition("/")[2]], defined)
    return {name: _inlined(each, defined) for name, each in schema.items() if name != "$defs"}


def _schema_of(name: str) -> object:
    schema = SECTIONS[name].model_json_schema()
    return _inlined(schema, schema.get("$defs", {}))


_CONTENT: Final = {
    "type": "object",
    "description": "As the schema of that section says; anyOf lists them by title: Overview, "
    "Channels, Loss, Moves.",
    "anyOf": [_schema_of(name) for name in SECTION_NAMES],
}


class SubmittedSection(Arguments):
    """One section, whole."""

    section: SectionName
    content: Annotated[dict[str, Any], WithJsonSchema(_CONTENT)]


class NothingMore(Arguments):
    """Everything was said before."""


def submit_section(asked: SubmittedSection, call: Call) -> Answered:
    """Take a section, or say what is wrong with it."""
    run = _at_work(call)
    try:
        section = write_section(
            run, name=asked.section, content=asked.content, call_ref=call.reference, now=call.now
        )
    except NotTaken as refused:
        return _refused(refused)
    still_missing = [name for name in SECTION_NAMES if name not in newest_sections(run.pk)]
    told = {"accepted": "yes", "section": section.reference, "still_missing": still_missing}
    return Answered(result=told, refs=[section.reference])


def submit_deliverable(_asked: NothingMore, call: Call) -> Answered:
    """Hand in what the sections make, for an owner to review."""
    run = _at_work(call)
    try:
        deliverable = make_deliverable(run, call_ref=call.reference, now=call.now)
    except NotTaken as refused:
        return _refused(refused)
    progress.deliverable_submitted(run, refs=[deliverable.reference], now=call.now)
    told = {
        "accepted": "yes",
        "deliverable": deliverable.reference,
        "state": str(DeliverableState.IN_REVIEW),
    }
    return Answered(result=told, refs=[deliverable.reference])


def _at_work(call: Call) -> AcquisitionRun:
    """Return the run, held. Raises NotPossible where nothing can be handed in."""
    run = lock_run(call.run_ref)
    if run.state != RunState.RUNNING:
        raise NotPossible(call.run_ref)
    return run


def _refused(refused: NotTaken) -> Answered:
    return Answered(
        result={"accepted": "no", "problems": [each.as_data() for each in refused.problems]}
    )


OPERATIONS: Final[tuple[Entry, ...]] = (
    Operation(
        name="fulfillment.submit_section",
        title="Submit a section",
        risk=Risk.INTERNAL_WRITE,
        says="Submits one section of the snapshot. Each claim quotes its source word for word, or "
        "is marked a judgement. Where accepted is no, problems say where and why; submit it again "
        "once mended. The newest version of each section counts.",
        arguments=SubmittedSection,
        execute=submit_section,
    ),
    Operation(
        name="fulfillment.submit_deliverable",
        title="Hand in the deliverable",
        risk=Risk.INTERNAL_WRITE,
        says="Hands in the snapshot, made of the sections that were accepted. A colleague reviews "
        "it: your work is then done, unless it is sent back.",
        arguments=NothingMore,
        execute=submit_deliverable,
    ),
)

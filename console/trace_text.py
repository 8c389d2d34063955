"""A trace for the shell: aligned plain text, and JSON. Neither has room for personal data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from console.queries.trace.shapes import STAGES_HERE, Attempt, Entry, Record, Stage, Trace
from kernel.money import Money

INDENT: Final = " " * 4
TITLE_CHARS, WHAT_CHARS, REFERENCE_CHARS, STATE_CHARS = 18, 30, 32, 20


def as_text(trace: Trace) -> str:
    """Return the whole sale as text for a terminal."""
    modes = " and ".join(trace.modes) or "no mode"
    lines = [
        f"Trace {trace.reference}   {modes}",
        trace.title,
        "One sale, from first visit to proof. Times are UTC; personal data is not shown.",
        "",
    ]
    if trace.is_mixed:
        lines += ["MODES ARE MIXED: records of one sale must all have one mode.", ""]
    for stage in trace.stages:
        lines += _stage(stage)
    lines += ["", *_ledger(trace), "", _verdict(trace)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _stage(stage: Stage) -> Iterable[str]:
    head = f"{stage.number}  {stage.title:<{TITLE_CHARS}}{stage.state}"
    yield f"{head}, {_exact(stage.at)}" if stage.at else head
    if stage.sentence:
        yield f"{INDENT}{stage.sentence}"
    for record, is_new_day in stage.lines:
        if is_new_day and record.at:
            yield f"{INDENT}{_day(record.at)}"
        yield from _record(record)
    if stage.quiet:
        yield f"{INDENT}{'':14}{len(stage.quiet)} more events of Stripe's: kept, nothing to do"
    for gap in stage.gaps:
        yield f"{INDENT}MISSING  {gap}"


def _record(record: Record) -> Iterable[str]:
    amount = f"{record.amount}" if record.amount else ""
    says = ", ".join(part for part in (amount, record.says) if part)
    yield (
        f"{INDENT}{_clock(record.at):<14}{record.what:<{WHAT_CHARS}}"
        f"{_short(record.reference):<{REFERENCE_CHARS}} {record.state:<{STATE_CHARS}}{says}"
    )
    for attempt, is_new_day in record.attempt_lines:
        error = f", {attempt.error}" if attempt.error else ""
        day = f"{_day(attempt.at)} " if is_new_day else ""
        yield (
            f"{INDENT}{'':14}{'':{WHAT_CHARS}}{day}{_clock(attempt.at)} {attempt.source}: "
            f"{attempt.outcome} in {attempt.duration_ms} ms{error}"
        )


def _ledger(trace: Trace) -> Iterable[str]:
    count = len(trace.entries)
    yield f"Ledger   {count} {'entry' if count == 1 else 'entries'}{_seal_words(trace)}"
    for entry, is_new_day in trace.entry_lines:
        if is_new_day:
            yield f"{INDENT}{_day(entry.at)}"
        place = "not sealed yet" if entry.position is None else f"position {entry.position}"
        legs = ", ".join(f"{account} {amount}" for account, amount in entry.legs)
        yield (
            f"{INDENT}{_clock(entry.at):<14}{entry.words:<{WHAT_CHARS}}"
            f"{_short(entry.subject):<{REFERENCE_CHARS}} {place:<{STATE_CHARS}}{legs}"
        )


def _seal_words(trace: Trace) -> str:
    if not trace.entries:
        return ""
    if trace.unsealed:
        return f", {trace.unsealed} not sealed yet"
    return ", sealed" if len(trace.entries) == 1 else ", all sealed"


def _verdict(trace: Trace) -> str:
    if trace.is_whole:
        return f"Stages 1 to {STAGES_HERE} are complete."
    open_stages = [
        f"{stage.number} {stage.title} ({stage.state})"
        for stage in trace.stages
        if stage.number <= STAGES_HERE and not stage.is_whole
    ]
    return f"Not complete: {', '.join(open_stages)}."


def _short(reference: str) -> str:
    """Cut what is longer than a reference of ours; Stripe's ids have no limit."""
    is_long = len(reference) > REFERENCE_CHARS
    return f"{reference[: REFERENCE_CHARS - 8]}…{reference[-6:]}" if is_long else reference


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S.%f}"[:-3] if at else ""


def as_json(trace: Trace) -> dict[str, Any]:
    """Return the whole sale as plain data."""
    return {
        "trace_ref": trace.reference,
        "modes": list(trace.modes),
        "is_complete": trace.is_whole,
        "stages": [_stage_data(stage) for stage in trace.stages],
        "ledger": [_entry_data(entry) for entry in trace.entries],
    }


def _stage_data(stage: Stage) -> dict[str, Any]:
    return {
        "number": stage.number,
        "title": stage.title,
        "standing": str(stage.state),
        "at": _iso(stage.at),
        "sentence": stage.sentence,
        "records": [_record_data(record) for record in stage.records],
        "gaps": list(stage.gaps),
    }


def _record_data(record: Record) -> dict[str, Any]:
    return {
        "what": record.what,
        "reference": record.reference,
        "at": _iso(record.at),
        "mode": record.mode,
        "state": record.state,
        "says": record.says,
        **_money_data(record.amount),
        "attempts": [_attempt_data(attempt) for attempt in record.attempts],
    }


def _attempt_data(attempt: Attempt) -> dict[str, Any]:
    return {
        "source": attempt.source,
        "at": _iso(attempt.at),
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "error": attempt.error,
    }


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "reference": entry.reference,
        "event": entry.event,
        "subject": entry.subject,
        "at": _iso(entry.at),
        "position": entry.position,
        "legs": [{"account": account, **_money_data(amount)} for account, amount in entry.legs],
    }


def _money_data(amount: Money | None) -> dict[str, Any]:
    if amount is None:
        return {"amount_minor": None, "currency": None}
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")

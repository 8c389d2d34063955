"""One call of an agent's, from what was sent to what is answered, in the caller's transaction.

The order of locks: what the call is about, then account, project and grant, then the call itself.
Decision and effect commit together or not at all, so a call that is decided at once is claimed in
the same moment: nobody stops, holds or freezes anything in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, TypeGuard

from django.conf import settings
from django.db import connection
from django.db.models import F

from kernel.append_only import salted_digest
from toolrouter.answers import Answer
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.operations.counting import shut_out
from toolrouter.operations.deciding import facts_of, refused_token
from toolrouter.operations.recording import (
    Asked,
    Outcome,
    new_call_reference,
    record,
    record_of_no_run,
    result_digest,
)
from toolrouter.operations.waiting import (
    WAIT_S,
    Waiting,
    ask_people,
    call_of_asked,
    hold_calls_of,
)
from toolrouter.outgoing import outgoing
from toolrouter.policy import Facts, judge
from toolrouter.ports import (
    Answered,
    AnyOperation,
    Arguments,
    Entry,
    NotPossible,
    Operation,
    Refusal,
    Repeats,
    Standing,
)
from toolrouter.queries.calls import answer_of
from toolrouter.queries.credentials import Credential
from toolrouter.queries.earlier import Earlier, earlier_calls
from toolrouter.queries.safety import Safety, safety_of
from toolrouter.registry import Reading, read_arguments
from toolrouter.vocabulary import Code, Decision, Risk, Status

STATEMENT_S_MAX: Final = 5
_BEGIN: Final = """
SELECT set_config('statement_timeout', %s, true),
  (SELECT id FROM toolrouter_toolcall WHERE grant_id = %s AND key = %s)
"""
_KNOWS: Final = "SELECT FROM toolrouter_grantsubject WHERE grant_id = %s AND subject_ref = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the policy said of a call, and what was read of it."""

    arguments: Arguments | None
    subject_ref: str
    safety: Safety
    facts: Facts
    before: Earlier
    codes: tuple[Code, ...]


def names_its_run(credential: Credential, run: object) -> bool:
    """Say whether ``run`` is the credential's own, or was not named."""
    if run is None:
        return True
    if not isinstance(run, str) or not run.isascii():  # "ſ" is "S" in upper case
        return False
    return run.upper() == credential.run_code or run == credential.run_ref


def ask(asked: Asked) -> Answer:
    """Decide one call, run it where it is allowed, write it down, and answer.

    The same key with the same question is the same call and answer; a read is decided and run
    again. Raises KeyTaken where that was so a moment later: then begin anew.
    """
    if not names_its_run(asked.credential, asked.run):
        return refuse_wrong_run(asked)
    if shut_out(asked.credential):
        asked = replace(asked, key=None)  # not even what is known already is said again
    earlier = _of_key(asked)
    if earlier is not None:
        if not _asks_the_same(earlier, asked):
            return Answer(status=Status.CONFLICT, action=earlier.reference)
        if earlier.risk != Risk.READ or earlier.state != CallState.DONE or _is_later(asked.entry):
            return _with_reason(asked.entry, answer_of(earlier))
    if _is_told_apart(asked.entry):
        hold_calls_of(asked.credential.grant_id)
    decided = _decide(asked)
    if not decided.codes and (answer := _answer_without_a_call(asked, decided.before)):
        return answer
    return _carry_out(asked, decided, earlier)


def refuse_wrong_run(asked: Asked, *also: Code) -> Answer:
    """Refuse and write down a call that names another run than its credential."""
    outcome = Outcome(
        state=CallState.DENIED, reference=new_call_reference(), codes=(Code.WRONG_RUN, *also)
    )
    return answer_of(record_of_no_run(asked, outcome))


def _of_key(asked: Asked) -> ToolCall | None:
    """Return the run's call under that key, if any; from here on no statement may take longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN, [f"{STATEMENT_S_MAX}s", asked.credential.grant_id, asked.key or None]
        )
        [(_, call_id)] = cursor.fetchall()
    return None if call_id is None else ToolCall.objects.get(pk=call_id)


def _asks_the_same(call: ToolCall, asked: Asked) -> bool:
    """Say whether ``call`` was asked in the same words; no after those were erased."""
    if not call.asked_salt:
        return False
    return call.asked_digest == salted_digest(asked.words(), salt=call.asked_salt)


def _decide(asked: Asked) -> Decided:
    reading = read_arguments(asked.entry, asked.arguments)
    subject_ref, found = _subject(asked, reading)
    bad_key = (Code.MALFORMED,) if asked.is_key_bad else ()
    safety = safety_of(asked.credential.grant_id, lock=True)
    entry, now, before = asked.entry, asked.credential.now, Earlier()
    if _is_told_apart(entry):
        before = earlier_calls(
            entry,
            reading.arguments,
            subject_ref,
            words=asked.words(),
            credential=asked.credential,
        )
    facts = facts_of(
        entry,
        found=(*reading.found, *found, *bad_key, *refused_token(asked.credential)),
        safety=safety,
        now=now,
        arguments=reading.arguments,
        # A person may ask again at once; and what needs nobody, nobody refuses.
        is_recently_refused=asked.again is None and before.is_recently_refused,
    )
    return Decided(
        arguments=reading.arguments,
        subject_ref=subject_ref,
        safety=safety,
        facts=facts,
        before=before,
        codes=judge(facts).codes,
    )


def _is_told_apart(entry: Entry | None) -> TypeGuard[AnyOperation]:
    """Say whether it matters what the run asked before: all but what may be repeated freely."""
    if not isinstance(entry, Operation):
        return False
    return entry.effect is not None or entry.repeats != Repeats.FREELY


def _answer_without_a_call(asked: Asked, before: Earlier) -> Answer | None:
    """Answer what makes no call: the same was done already, or too many of the run's wait."""
    if before.done_id is not None:
        double = ToolCall.objects.get(pk=before.done_id)
        if asked.key is not None and double.key == asked.key:
            return answer_of(double)  # the same call, which came to its end a moment ago
        return replace(answer_of(double), codes=(Code.DUPLICATE,))
    needs_person = isinstance(asked.entry, Operation) and asked.entry.effect is not None
    if needs_person and before.waiting - _replaced(asked) >= int(settings.RUN_WAITING_MAX):
        return Answer.denied(Code.TOO_MANY, retry_after_s=WAIT_S)
    return None


def _replaced(asked: Asked) -> int:
    """Return how many that wait now give way to this one."""
    return int(asked.again is not None and asked.again.of.state == CallState.NEEDS_APPROVAL)


def _subject(asked: Asked, reading: Reading) -> tuple[str, tuple[Code, ...]]:
    """Return the record that a call is about, and what stands against naming it.

    A record that the run does not know of is answered like one that does not exist, after the
    same statements: neither is looked for.
    """
    entry = asked.entry
    if not isinstance(entry, Operation) or reading.arguments is None:
        return "", ()
    if entry.subject is None or entry.standing is None:
        return "", ()
    ref = entry.subject(reading.arguments)
    if not _knows(asked.credential.grant_id, ref):
        return ref, (Code.NOT_FOUND,)
    standing = entry.standing(asked.credential.project_ref, ref)
    against = {Standing.ELSEWHERE: Code.NOT_FOUND, Standing.GONE: Code.SUBJECT_GONE}.get(standing)
    return ref, (against,) if against else ()


def _knows(grant_id: int, ref: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWS, [grant_id, ref])
        return cursor.fetchone() is not None


def _carry_out(asked: Asked, decided: Decided, earlier: ToolCall | None) -> Answer:
    reference = earlier.reference if earlier and not decided.codes else new_call_reference()
    codes, answered, waiting = decided.codes, None, None
    if not codes:
        try:
            if judge(decided.facts).decision == Decision.NEEDS_APPROVAL:
                waiting = ask_people(
                    asked, decided.arguments, decided.safety, decided.facts, reference
                )
            else:
                answered = _run(asked, decided, reference)
        except NotPossible as reason:
            codes = (reason.code,)
    if answered and earlier:
        _note_another_run(earlier, answered)
        return replace(answer_of(earlier), result=answered.result)
    outcome = Outcome(
        state=_state(codes, waiting),
        reference=reference,
        codes=codes,
        facts=decided.facts,
        subject_ref=decided.subject_ref,
        answered=answered,
        is_kept=decided.facts.risk != Risk.READ,
        again_of_id=_first_of(asked, decided.before, earlier),
        amount=waiting.amount if waiting else None,
        approval_ref=waiting.approval_ref if waiting else "",
    )
    # A key names one call: what is refused on asking again is a call of its own, without one.
    call = record(replace(asked, key=None) if earlier else asked, outcome)
    answer = answer_of(call)
    if answered and not _is_later(asked.entry):
        return replace(answer, result=answered.result)
    return _with_reason(asked.entry, answer)


def _first_of(asked: Asked, before: Earlier, earlier: ToolCall | None) -> int | None:
    """Return the call that this one asks again: by a person, under its own key, or by a new one."""
    if asked.again:
        return asked.again.of.pk
    return earlier.pk if earlier else before.ended_id


def _with_reason(entry: Entry | None, answer: Answer) -> Answer:
    """Add what is said of an operation that is only refused: it is kept on no row."""
    return replace(answer, result={"reason": entry.says}) if isinstance(entry, Refusal) else answer


def _is_later(entry: Entry | None) -> bool:
    """Say whether what is done is on a row that a worker works from, and told from there."""
    return isinstance(entry, Operation) and entry.later is not None


def _state(codes: tuple[Code, ...], waiting: Waiting | None) -> CallState:
    if codes:
        return CallState.DENIED
    return CallState.NEEDS_APPROVAL if waiting else CallState.DONE


def _run(asked: Asked, decided: Decided, reference: str) -> Answered:
    """Run an operation that the policy allows at once. Raises NotPossible."""
    entry: Any = asked.entry
    if judge(decided.facts).decision != Decision.ALLOW or decided.arguments is None:
        raise AssertionError(f"{entry.name} was not allowed")
    call = call_of_asked(asked, reference)
    run = entry.later.hand_over if entry.later else entry.execute
    done: Answered = run(decided.arguments, call)
    return replace(done, result=outgoing(done.result))


def _note_another_run(call: ToolCall, answered: Answered) -> None:
    """Write down that a read ran again, and what it returned this time."""
    ToolCall.objects.filter(pk=call.pk).update(
        runs=F("runs") + 1,
        result_digest=result_digest(call, answered),
        result_refs=list(answered.refs),
    )

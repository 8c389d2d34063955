"""What the database promises about approvals, besides that their history is append-only."""

from __future__ import annotations

from typing import Final

from kernel.guards import Promise
from kernel.schema import fixed_mode, kept_facts, trigger, trigger_function

REQUEST_FROZEN: Final = (
    *("id", "reference", "kind", "rule", "subject_ref", "project_ref", "run_ref"),
    *("mode", "trace_ref", "amount_minor", "currency", "fingerprint", "shown_digest"),
    *("presenter_version", "policy_version", "people_needed", "asked_by_id"),
    *("again_by_id", "again_of_id", "is_edited", "opened_at", "decide_by"),
)
REQUEST_ONCE: Final = (
    *("told_at", "reminded_at", "decided_at", "not_before", "execute_by"),
    *("closed_at", "why_closed", "superseded_by_id"),
)
STEP_UP_FROZEN: Final = (
    *("id", "request_id", "person_id", "shown_digest", "session_digest", "nonce"),
    "asked_at",
)
STEP_UP_ONCE: Final = ("used_at", "factor", "evidence")

_NOT_BY_WHOEVER_ASKED: Final = trigger_function(
    "approvals_not_by_whoever_asked",
    """
BEGIN
    IF EXISTS (SELECT FROM public.approvals_approvalrequest asked
               WHERE asked.id = NEW.request_id AND asked.asked_by_id = NEW.person_id) THEN
        RAISE EXCEPTION 'whoever asks never decides'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END """,
)
NOT_BY_WHOEVER_ASKED: Final = Promise(
    table="approvals_decision",
    guards=(
        _NOT_BY_WHOEVER_ASKED,
        trigger(
            "approvals_decision",
            "approvals_decision_not_by_whoever_asked",
            "BEFORE INSERT",
            f"FOR EACH ROW EXECUTE FUNCTION {_NOT_BY_WHOEVER_ASKED.name}()",
        ),
    ),
)

_NOT_ONE_OF_TWO: Final = trigger_function(
    "approvals_not_one_of_two_who_asked_again",
    """
BEGIN
    IF EXISTS (SELECT FROM public.approvals_approvalrequest asked
               WHERE asked.id = NEW.request_id AND asked.people_needed > 1
                 AND asked.again_by_id = NEW.person_id) THEN
        RAISE EXCEPTION 'whoever asks again is none of the two who decide'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END """,
)
NOT_ONE_OF_TWO: Final = Promise(
    table="approvals_decision",
    guards=(
        _NOT_ONE_OF_TWO,
        trigger(
            "approvals_decision",
            "approvals_decision_not_one_of_two_who_asked_again",
            "BEFORE INSERT",
            f"FOR EACH ROW EXECUTE FUNCTION {_NOT_ONE_OF_TWO.name}()",
        ),
    ),
)

PROMISES: Final = (
    NOT_BY_WHOEVER_ASKED,
    NOT_ONE_OF_TWO,
    fixed_mode("approvals_approvalrequest"),
    kept_facts(
        "approvals_approvalrequest",
        frozen=REQUEST_FROZEN,
        erasable=("around",),
        once=REQUEST_ONCE,
    ),
    kept_facts("approvals_stepup", frozen=STEP_UP_FROZEN, once=STEP_UP_ONCE),
)

"""Requests about tool calls, as ``approvals`` knows them: who decides, when, and what follows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from approvals.enums import Why
from approvals.registry import CannotApprove, Envelope, Kind, Rule, Shown
from kernel.money import Money
from toolrouter import policy, presenter
from toolrouter.approval_rules import KIND_NAME, rules
from toolrouter.models import ToolCall
from toolrouter.models.calls import WAITING
from toolrouter.operations.claiming import codes_of, facts_now, operation_of, stored_arguments
from toolrouter.operations.deciding import spend_of
from toolrouter.operations.reserving import missing, reserve
from toolrouter.operations.settling import approve_call, deny, lose_in_restore
from toolrouter.ports import Operation
from toolrouter.queries.account import account_settings
from toolrouter.queries.headroom import lock_caps_on
from toolrouter.queries.raisers import raised_its_cap
from toolrouter.queries.safety import safety_of
from toolrouter.registry import registry
from toolrouter.vocabulary import Code, Risk
from toolrouter.words import WORDS

# What an agent reads where nobody's word closed it.
EXPIRED_AS: Final[Mapping[str, Code]] = {
    Why.STOPPED: Code.STOPPED,
    Why.HOLD: Code.HOLD,
    Why.SUBJECT_GONE: Code.SUBJECT_GONE,
}
RAISER_MUST_WAIT: Final = (
    "You raised a cap of this spend less than 24 hours ago, so somebody else must approve it."
)
CLOSED_AS: Final[Mapping[str, Code]] = {
    "refused": Code.REFUSED,
    "revoked": Code.REVOKED,
    "superseded": Code.SUPERSEDED,
}


class ToolCalls(Kind):
    """Calls that need a person: an operator or an owner decides what goes out."""

    name = KIND_NAME
    words = frozenset({"about_vendor", "about_what"})  # the agent's, of a purchase
    listed_labels = ("Paid to", "Provider")
    again_url_name = "ask-again"

    def rules(self) -> Sequence[Rule]:
        """Return the rules of all classes."""
        return rules()

    def presenter_versions(self) -> frozenset[str]:
        """Return the one that there is."""
        return frozenset({presenter.VERSION})

    @property
    def presenter_version(self) -> str:
        """Return the newest."""
        return presenter.VERSION

    @property
    def policy_versions(self) -> frozenset[str]:
        """Return the versions whose decisions may still run."""
        return frozenset({str(policy.VERSION)})

    def gone(self, named: Mapping[str, str]) -> str:
        """Return the operation, or its own words for it, where this version has it no more."""
        name = json.loads(named.get("operation", '""'))
        operation = registry().find(name)
        if not isinstance(operation, Operation) or operation.effect is None:
            return f"operation {name}"
        version = json.loads(named.get("presenter", '""'))
        own = operation.effect.presenter_version
        return "" if version == own else f"presenter {version} of {name}"

    def present(self, envelope: Envelope, *, version: str) -> Shown:
        """Return what people are shown. Raises LookupError where this version has no words."""
        operation = registry().find(envelope["operation"])
        if version != presenter.VERSION or not isinstance(operation, Operation):
            raise LookupError(f"{version}: {envelope['operation']}")
        if operation.effect is None:
            raise LookupError(operation.name)
        title = f"A run asks to {operation.title[0].lower()}{operation.title[1:]}"
        return presenter.present(envelope, title=title, own=operation.effect.present(envelope))

    def edit_address(self, subject_ref: str) -> str:
        """Return where a purchase is edited."""
        operation = operation_of(ToolCall.objects.get(reference=subject_ref))
        return reverse("call-edit", args=[subject_ref]) if operation.editable else ""

    def lock(self, subject_ref: str) -> None:
        """Share-lock account, project and grant: nobody stops or holds them meanwhile.

        And, of what costs money, its caps: nobody reserves under them meanwhile.
        """
        call = ToolCall.objects.get(reference=subject_ref)
        safety = safety_of(call.grant_id or 0, lock=True)  # never 0: a call of no run asks nobody
        if Risk(call.risk).costs_money:
            ceiling = Money(call.amount_minor or 0, call.currency)
            lock_caps_on(spend_of(operation_of(call), ceiling, safety.grant))

    def require_approver(self, subject_ref: str, *, person_id: int, now: datetime) -> None:
        """Refuse whoever raised one of its caps lately, where an owner set that they wait."""
        call = ToolCall.objects.get(reference=subject_ref)
        if not Risk(call.risk).costs_money or not account_settings().cap_raiser_waits:
            return
        family = operation_of(call).family
        if raised_its_cap(call, family=family, person_id=person_id, now=now):
            raise CannotApprove(RAISER_MUST_WAIT)

    def approved(self, subject_ref: str, *, request_ref: str, now: datetime) -> None:  # noqa: ARG002  # the kind's
        """Reserve what it can cost, and let it run when its hold is over.

        Raises CannotApprove where something stands against it, with what is missing of a cap.
        """
        call = _locked(subject_ref)
        reading = stored_arguments(call)
        facts = facts_now(call, now=now, arguments=reading.arguments, found=reading.found)
        if codes := codes_of(call, facts):
            raise CannotApprove(missing(facts, currency=call.currency) or WORDS[codes[0]].why)
        if facts.risk and facts.risk.costs_money:
            reserve(call, family=operation_of(call).family, now=now)
        approve_call(call)

    def closed(self, subject_ref: str, *, outcome: str, why: str, now: datetime) -> None:
        """Deny the call, with what became of the request as its reason.

        In a restored database it is looked for instead: it may have been approved and done since.
        """
        call = _locked(subject_ref)
        if call.state not in WAITING:
            return
        if why == Why.RESTORED:
            lose_in_restore(call, now=now)
        else:
            code = CLOSED_AS.get(outcome) or EXPIRED_AS.get(why, Code.EXPIRED)
            deny(call, [code], now=now)


def _locked(call_ref: str) -> ToolCall:
    return ToolCall.objects.select_for_update(no_key=True).get(reference=call_ref)


KIND: Final = ToolCalls()

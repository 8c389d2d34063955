"""What an approval is bound to: made of a call, its arguments and the owner's plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.registry import Envelope
from kernel.canonical import Canonical, digest
from toolrouter import policy
from toolrouter.ports import AnyOperation, Arguments, Call, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where the calls go, and by which key: its fingerprint. Both "" where no key was proved."""

    address: str
    digest: str


def envelope_of(
    operation: AnyOperation, arguments: Arguments, plan: Plan, call: Call, *, key: Key
) -> Envelope:
    """Return everything that the approval covers; its times and its deciders are terms of its own.

    Made when it is proposed, and again from what is there when it is claimed. ``key`` is the one
    that was proved of the provider. Raises NotCanonical.
    """
    effect = operation.effect
    if effect is None:
        raise ValueError(f"{operation.name} needs nobody's approval")
    money: dict[str, Canonical] = (
        {}
        if plan.amount is None
        else {"amount_minor": plan.amount.amount_minor, "currency": plan.amount.currency}
    )
    return {
        **{f"about_{name}": value for name, value in plan.shown.items()},
        **money,
        "operation": operation.stored_name,
        "provider": effect.provider,
        "account": plan.account,
        "address": key.address,
        "key": key.digest,
        "project": call.project_ref,
        "run": call.run_ref,
        "mode": call.mode,
        "call": call.reference,
        "payee": plan.payee,
        "arguments": digest(arguments.model_dump(mode="json")),
        "payload": digest(plan.payload),
        "policy": str(policy.VERSION),
        "presenter": effect.presenter_version,
    }

"""What agents may use: providers and their keys, gates and caps, and requests of older versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import DatabaseError, transaction

from approvals.queries import requests_of_gone_versions
from fulfillment.queries.runtime import runtime_now
from kernel.liveness import database_now
from kernel.modes import Mode
from toolrouter.connections import Provider, providers
from toolrouter.exchanges.verifying import CannotVerify, verify_provider
from toolrouter.queries import has_caps, readiness_of
from toolrouter.vocabulary import Readiness
from trinity.doctor.findings import Finding, bad, ok, warn

GONE_NAMED: Final = 20
TESTED: Final = frozenset(
    {Readiness.SANDBOX_VERIFIED, Readiness.TEST_VERIFIED, Readiness.LIVE_VERIFIED}
)
TEST_IT: Final = "Run manage.py doctor --verify, or press Test under Integrations."
ATTEST_IT: Final = "Before agents may use it in live mode, an owner attests it (Integrations)."


def look_at_providers(*, verify: bool) -> Iterator[Finding]:
    """How far each provider is ready under the key that is here; ``verify`` asks them first."""
    for provider in providers():
        if not provider.has_api:
            yield _by_hand(provider)
        elif verify:
            yield _verified(provider)
        else:
            yield _standing(provider)


def _verified(provider: Provider) -> Finding:
    what = f"{provider.title} for agents"
    try:
        said = verify_provider(provider, actor_id=None, clock=database_now)
    except CannotVerify as error:
        return bad(
            what,
            f"could not be reached ({error.code}); the last test still counts",
            "Check its key and the network, then run manage.py doctor --verify again.",
        )
    if said.code:
        return bad(
            what,
            f"rejected the key ({said.code}); agents' calls to it are denied",
            "Correct the key, then run manage.py doctor --verify again.",
        )
    return ok(what, f"{said.account_ref} answers: {said.level.replace('_', ' ')}")


def _standing(provider: Provider) -> Finding:
    what, ready = f"{provider.title} for agents", readiness_of(provider.name)
    if ready.level in TESTED and ready.proof:
        since = f"{ready.proof.at:%Y-%m-%d %H:%M} UTC"
        return ok(what, f"{ready.words.badge.lower()} ({ready.proof.account_ref}, {since})")
    return warn(what, ready.words.badge.lower(), TEST_IT)


def _by_hand(provider: Provider) -> Finding:
    what, ready = f"{provider.title} for agents", readiness_of(provider.name)
    if ready.level == Readiness.ATTESTED and ready.proof:
        return ok(what, f"attested by an owner on {ready.proof.at:%Y-%m-%d}")
    if settings.DEPLOYMENT_MODE == Mode.LIVE and settings.LIVE_SPEND:
        return warn(what, "not attested", ATTEST_IT)
    return ok(what, "not attested, which only live calls need")


def look_at_runtime() -> Iterator[Finding]:
    """Whether the agent's runtime may have work, as it was found last."""
    what, now = "Hermes", runtime_now()
    if not settings.AGENT.url:
        yield ok(what, "is not set up; runs wait")
    elif now is None:
        yield warn(what, "nobody has asked it yet", "Wait a minute, then ask again.")
    elif now.is_ready:
        yield ok(what, now.words.note)
    else:
        why = "; ".join(now.faults) or now.words.note
        yield warn(what, f"{now.words.heading.lower()}: {why}", "See docs/hermes.md.")


def look_at_gates() -> Iterator[Finding]:
    """Whether what the environment opens is bounded."""
    words = [f"{name} is {'on' if getattr(settings, name) else 'off'}" for name in GATES]
    if settings.LIVE_SPEND and not has_caps(mode=settings.DEPLOYMENT_MODE):
        yield warn(
            "gates",
            f"{', '.join(words)}, and no cap is set for the account: every spend is denied",
            "An owner sets caps on the safety page; or set LIVE_SPEND=0.",
        )
    else:
        yield ok("gates", ", ".join(words))


GATES: Final = ("LIVE_OUTREACH", "LIVE_SPEND")


def look_at_open_requests() -> Iterator[Finding]:
    """Which open requests this version would let expire: asked before it is deployed."""
    what = "open requests"
    try:
        with transaction.atomic():
            gone = requests_of_gone_versions()
    except DatabaseError as error:
        yield warn(what, f"cannot be read ({type(error).__name__})", "Run manage.py migrate first.")
        return
    for each in gone[:GONE_NAMED]:
        yield warn(
            what,
            f"{each.reference} ({each.state}) was shown by {each.gone}, not in this version",
            f"Decide it before the deploy (by {each.decide_by:%Y-%m-%d %H:%M} UTC), or it expires.",
        )
    if len(gone) > GONE_NAMED:
        yield warn(what, f"and {len(gone) - GONE_NAMED} more", "See Approvals.")
    if not gone:
        yield ok(what, "this version can show all of them")

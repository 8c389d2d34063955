"""Boring grants, as whoever makes a run opens them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from kernel.modes import Mode
from kernel.money import Money
from kernel.references import new_reference
from toolrouter.connections import provider_of
from toolrouter.enums import CapScope, CapWindow, Family, RunKind
from toolrouter.models import Grant
from toolrouter.operations import By, CapKey, open_grant, open_project
from toolrouter.operations.readiness import note_readiness
from toolrouter.queries.readiness import readiness_of
from toolrouter.vocabulary import Readiness

OWNER = By(actor_id=None, reason="We begin carefully.")


def prove_stripe() -> None:
    """Write down that the stand-in for Stripe was tested, under the key and address of settings.

    What a test itself does, ``manage.py doctor --verify``; here nobody is asked.
    """
    stripe = provider_of("stripe")
    assert stripe is not None
    connection = stripe.connection()
    assert connection is not None
    assert connection.key_digest is not None
    if readiness_of("stripe").level == Readiness.SANDBOX_VERIFIED:
        return
    with transaction.atomic():
        note_readiness(
            "stripe",
            Readiness.SANDBOX_VERIFIED,
            connection,
            mode=Mode.SANDBOX,
            actor_id=None,
            now=timezone.now(),
            account_ref="acct_sandbox",
            livemode=False,
        )


def new_project() -> str:
    """Make a project's settings, and return its reference."""
    project_ref = new_reference("prj")
    open_project(project_ref, now=timezone.now())
    return project_ref


def new_grant(
    *,
    project_ref: str = "",
    mode: str = "sandbox",
    funded: Money | None = None,
    lasts: timedelta = timedelta(days=2),
    subjects: Sequence[str] = (),
    now: datetime | None = None,
) -> Grant:
    """Open a grant for a run that nobody else knows. Joins the caller's transaction."""
    run_ref, now = new_reference("run"), now or timezone.now()
    with transaction.atomic():
        open_grant(
            run_ref=run_ref,
            kind=RunKind.FULFILMENT,
            project_ref=project_ref or new_project(),
            mode=mode,
            trace_ref=new_reference("trc"),
            funded=funded or Money(100, "USD"),
            deadline=now + lasts,
            subjects=subjects,
            now=now,
        )
    return Grant.objects.get(run_ref=run_ref)


def cap_key(scope: CapScope, ref: str = "", *, mode: str = "sandbox") -> CapKey:
    """Name the cap of purchases in dollars, in all."""
    return CapKey(
        scope=scope,
        ref=ref,
        family=Family.PURCHASE,
        currency="USD",
        mode=mode,
        time_window=CapWindow.LIFETIME,
    )

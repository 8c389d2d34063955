"""An operation that defends itself by nothing: no row of its own, no key, no second look.

What the provider is asked for, it makes, as often as it is asked. So only the router stands between
two workers and two effects. It also waits where an attack wants it to.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

import stripe
from django.conf import settings

from kernel.canonical import Canonical
from kernel.retries import Unknown
from tests.toolrouter.spending.buying import Buy, Buying
from toolrouter.ports import Made, Operation, Presented, Repeats, Risk, Standing

NAIVE = "tests.naive"
MEETS_WITHIN_S = 1.0


class Meeting:
    """Two threads wait here for each other; the one who comes alone goes on after a while."""

    def __init__(self) -> None:
        self._barrier: threading.Barrier | None = None

    def arm(self) -> None:
        """Let the next two meet."""
        self._barrier = threading.Barrier(2, timeout=MEETS_WITHIN_S)

    def disarm(self) -> None:
        """Let nobody wait any more."""
        self._barrier = None

    def meet(self) -> None:
        """Wait for the other, where it is armed."""
        if self._barrier is not None:
            with suppress(threading.BrokenBarrierError):
                self._barrier.wait()


MEETING = Meeting()


class Naive(Buying):
    """A product at Stripe, named after the call, under a key that nobody keeps."""

    loses_the_answer = False

    def present(self, envelope: Mapping[str, Canonical]) -> Presented:
        MEETING.meet()  # at the claim: after the approval was read, before it is used up
        return super().present(envelope)

    def make(self, call_ref: str) -> Made:
        client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_BASE}
        )
        client.v1.products.create({"name": call_ref})
        if self.loses_the_answer:
            raise Unknown("timeout")
        return Made(provider_ref=call_ref)


NAIVE_EFFECT = Naive()
OPERATIONS = (
    Operation(
        name=NAIVE,
        title="Make something",
        risk=Risk.OUTBOUND,
        says="Make something.",
        arguments=Buy,
        effect=NAIVE_EFFECT,
        subject=lambda asked: asked.deal,
        standing=lambda _project_ref, _ref: Standing.BELONGS,
        repeats=Repeats.SAME_SUBJECT_ONCE,
    ),
)

"""A key that a provider turns away while a call is being claimed: nothing is claimed afterwards."""

from __future__ import annotations

from functools import partial

import pytest

from kernel.retries import Refused
from tests.factories.toolrouter import prove_stripe
from tests.races.cases import Make, books_are_good
from tests.races.interleaving import interleave, statements_of
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import database_now
from tests.toolrouter.approving.deciding import at, at_stripe
from toolrouter.connections import Connection, Proved, Provider, provider_of
from toolrouter.exchanges.approved import carry_out
from toolrouter.exchanges.verifying import verify_provider
from toolrouter.models import ProviderReadiness
from toolrouter.vocabulary import Code

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.races,
    pytest.mark.usefixtures("pages_use_outside"),
]


class TurnsAway(Provider):
    """Stripe, once the key was revoked there."""

    name = "stripe"
    title = "Stripe"

    def connection(self) -> Connection | None:
        stripe = provider_of("stripe")
        assert stripe is not None
        return stripe.connection()

    def ask(self, *, is_waited_for: bool) -> Proved:
        raise Refused("api_key_expired" if not is_waited_for else "")


def turn_away() -> str:
    return verify_provider(TurnsAway(), actor_id=None, clock=database_now).code


def test_once_that_is_being_noted_nothing_more_is_claimed(
    asked: Make, outside: RunningSandbox
) -> None:
    prove_stripe()
    statements = statements_of(turn_away)
    [lock] = [n for n, sql in enumerate(statements, start=1) if "FOR NO KEY UPDATE" in sql]

    for after in range(1, len(statements) + 1):
        prove_stripe()
        case = asked()
        moment = case.approve()
        noting, claiming = interleave(
            turn_away,
            partial(carry_out, case.call_ref, clock=at(moment)),
            after=after,
            look=ProviderReadiness.objects.count,
        )
        assert (noting.error, noting.said) == (None, "api_key_expired")
        assert (claiming.error, claiming.said) == (None, after < lock)
        assert case.call.codes == ([] if after < lock else [Code.NOT_READY])
        assert len(at_stripe(outside)) == min(after, lock - 1)
    books_are_good()

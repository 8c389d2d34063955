"""What an agent waits for when it asks for a spend: how many statements, and no more with more."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.toolrouter.purchases.shopping import Shopper
from toolrouter.models import ToolCall
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db

OF_A_SPEND = 13  # from the token to the last row, COMMIT aside
NO_WORK = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")


def test_a_spend_is_asked_for_in_thirteen_statements(shopper: Shopper) -> None:
    shopper.ask_for()  # that its token was used is noted with the first one

    for number in range(3):
        with CaptureQueriesContext(connection) as ran:
            answer = shopper.ask_for(what=f"Report {number}")

        assert answer.status == Status.NEEDS_APPROVAL
        statements = [q["sql"] for q in ran if not q["sql"].startswith(NO_WORK)]
        assert len(statements) == OF_A_SPEND, "\n".join(statements)


def test_an_agents_new_key_for_what_was_refused_names_the_call_that_it_asks_again(
    shopper: Shopper,
) -> None:
    first = shopper.ask_for()
    shopper.refuse(first)
    other = shopper.ask_for(vendor="another.example")

    again = shopper.ask_for()

    assert again.codes == (Code.RECENTLY_REFUSED,)
    calls = {call.reference: call for call in ToolCall.objects.select_related("again_of")}
    called, of_another = calls[str(again.action)], calls[str(other.action)]
    assert called.again_of is not None
    assert (called.again_of.reference, called.again_by_id) == (first.action, None)
    assert of_another.again_of is None

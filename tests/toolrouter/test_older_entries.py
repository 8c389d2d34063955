"""Entries that 0.1.3 wrote say less of their rows than those of today, and are no finding."""

from __future__ import annotations

import pytest

from tests.toolrouter.agents import an_agent
from tests.toolrouter.approving.deciding import sql_past_us
from tests.toolrouter.books import differences

pytestmark = pytest.mark.django_db(transaction=True)

AS_THEN = """UPDATE {} SET facts = facts - ARRAY['row', 'mode', 'run_code', 'reason_digest'],
  refs = CASE event WHEN 'grant.opened' THEN refs[1:2] ELSE refs END"""


CHANGED = "entry_changed"  # by this test, and so not what was written


def codes() -> set[str]:
    return {code for code, _what in differences()}


def test_what_an_older_entry_does_not_say_is_not_compared() -> None:
    agent = an_agent()
    agent.note("They sell to dentists.")

    sql_past_us("ledger_ledgerentry", AS_THEN)

    assert codes() == {CHANGED}


def test_what_it_does_say_is_compared_still() -> None:
    an_agent().note("They sell to dentists.")

    sql_past_us("ledger_ledgerentry", AS_THEN)
    sql_past_us("toolrouter_toolcall", "UPDATE {} SET trace_ref = 'trc_of_another'")

    assert codes() == {CHANGED, "entry_differs_from_row"}

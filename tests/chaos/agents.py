"""What agents ask and people answer, in a process of its own: ``python -m tests.chaos.agents``.

It reads one JSON list a line (a name, then what it needs) and answers with one line of JSON. Its
clock may be set forward, so that what is looked for minutes later is looked for now.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django
from django.db import OperationalError, close_old_connections


def main() -> None:
    django.setup()
    commands = _commands()
    for line in sys.stdin:
        name, *given = json.loads(line)
        try:
            answer = commands[name](*given)
        except OperationalError:  # the database is away: whoever asked asks again
            close_old_connections()
            answer = None
        print(json.dumps(answer), flush=True)


def _commands() -> dict[str, Callable[..., Any]]:
    # Imported late: models exist only after setup.
    from approvals.enums import Factor  # noqa: PLC0415  # after setup
    from approvals.ports import Proof  # noqa: PLC0415  # after setup
    from approvals.usecases.decide import approve as say_yes  # noqa: PLC0415  # after setup
    from crm.enums import DealStage  # noqa: PLC0415  # after setup
    from kernel.liveness import database_now  # noqa: PLC0415  # after setup
    from revenue.models import Offer  # noqa: PLC0415  # after setup
    from tests.approvals.asking import challenge  # noqa: PLC0415  # after setup
    from tests.factories.people import make_person  # noqa: PLC0415  # after setup
    from tests.factories.toolrouter import prove_stripe  # noqa: PLC0415  # after setup
    from tests.toolrouter.agents import an_agent  # noqa: PLC0415  # after setup
    from tests.toolrouter.approving.deciding import (  # noqa: PLC0415  # after setup
        ask_for_link,
    )
    from toolrouter.exchanges.lost import look_for_lost  # noqa: PLC0415  # after setup

    prove_stripe()
    operator = make_person("operator")
    offer = Offer.objects.filter(state="published").exclude(amount_minor=0).order_by("pk")[0]

    def agent() -> list[str]:
        """Make a run on a deal of its own; return its token and the deal."""
        made = an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)
        return [made.token, made.deal.reference]

    def ask() -> list[str]:
        """Let an agent ask for a payment link; return call and request."""
        answer = ask_for_link(an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk))
        return [answer.action or "", answer.approval or ""]

    def approve(approval: str) -> str:
        from approvals.models import ApprovalRequest  # noqa: PLC0415  # after setup

        request, now = ApprovalRequest.objects.get(reference=approval), database_now()
        decided = say_yes(
            approval,
            person=operator,
            shown_digest=request.shown_digest,
            step_up=challenge(request, operator, now=now),
            proof=Proof(factor=Factor.CODE),
            now=now,
        )
        return str(decided.state)

    def look(minutes: float) -> int:
        """Look for what is lost, as if it were so many minutes later."""
        return look_for_lost(clock=lambda: database_now() + timedelta(minutes=minutes))

    return {"agent": agent, "ask": ask, "approve": approve, "look": look}


if __name__ == "__main__":
    main()

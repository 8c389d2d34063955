"""The real Hermes on a seat: started with no run, it serves one after the other on one lane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from fulfillment.ports import Work
from tests.contracts.hermes_process import Running, running_hermes, until
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.trinity.serving.serving import served
from toolrouter import operations
from toolrouter.enums import RunKind
from toolrouter.models import ToolCall
from toolrouter.queries import seats_now
from toolrouter.usecases.make_seats import make_seats

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hermes(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("seats")
    [seat] = make_seats(lanes=1, actor_id=None, now=database_now())
    with (
        served("mcp", folder=folder) as door,
        running_hermes(
            folder,
            mcp_url=f"http://127.0.0.1:{door.port}/mcp",
            seats={seat.lane: seat.token},
        ) as running,
    ):
        until(lambda: seats_now()[0].is_ready, 60)
        yield running


@dataclass(frozen=True)
class Turn:
    """One turn on the only lane, for a run."""

    hermes: Running
    session: str

    def on(self, agent: Agent, *, naming: Agent | None = None) -> list[str]:
        """Bind the seat, let the model note one thing, free it; return what the calls became."""
        with transaction.atomic():
            bound = operations.bind_seat(agent.run_ref, now=database_now())
        assert bound is not None
        note = {"deal": agent.deal.reference, "text": f"Noted in {self.session}."}
        asked = {"operation": "crm.add_note", "arguments": note, "key": self.session}
        code = (naming or agent).credential.run_code
        self.hermes.script.calls = [("propose_action", {**asked, "run": code})]
        before = set(ToolCall.objects.values_list("pk", flat=True))
        runtime = self.hermes.runtime
        name = runtime.start(lane="lane1", session=self.session, words=f"Run {code}: go.")
        until(lambda: runtime.status(name, session=self.session, lane="lane1").work.is_over, 60)
        assert runtime.status(name, session=self.session, lane="lane1").work == Work.COMPLETED
        with transaction.atomic():
            operations.free_seat(bound.binding_ref, now=database_now())
        made = ToolCall.objects.exclude(pk__in=before).order_by("pk")
        return [f"{call.state} {call.run_ref} {' '.join(call.codes)}".strip() for call in made]


def test_a_lane_serves_a_sales_and_a_fulfilment_run_and_no_late_call_of_the_first(
    hermes: Running,
) -> None:
    sales, fulfilment = an_agent(kind=RunKind.SALES), an_agent(kind=RunKind.FULFILMENT)

    assert Turn(hermes, "turn_1").on(sales) == [f"done {sales.run_ref}"]
    assert Turn(hermes, "turn_2").on(fulfilment) == [f"done {fulfilment.run_ref}"]
    assert Turn(hermes, "turn_3").on(fulfilment, naming=sales) == ["denied  wrong_run"]

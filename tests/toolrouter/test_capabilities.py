"""What a run may ask for follows from its grant alone."""

from __future__ import annotations

import json

import pytest

from tests.toolrouter.agents import an_agent, database_now
from toolrouter.enums import RunKind
from toolrouter.models import SafetySettings, ToolCall
from toolrouter.usecases.list_capabilities import list_capabilities
from toolrouter.vocabulary import Code

pytestmark = pytest.mark.django_db

INSIDE = ["crm.read_lead", "crm.add_note", "crm.recommend_next_step"]
RESEARCH = ["fulfillment.read_task", "research.search", "research.fetch"]
HANDING_IN = ["fulfillment.submit_section", "fulfillment.submit_deliverable"]
LINK = "revenue.prepare_payment_link"
NAMES = {
    RunKind.SALES: [*INSIDE, LINK, *RESEARCH, *HANDING_IN],
    RunKind.FULFILMENT: [*INSIDE, LINK, *RESEARCH, *HANDING_IN, "purchase.propose"],
    RunKind.TRIAL: [*INSIDE, *RESEARCH, *HANDING_IN],  # nothing of it leaves the house
}


@pytest.mark.parametrize("kind", list(RunKind))
def test_each_run_is_told_its_operations_with_their_schema(kind: RunKind) -> None:
    agent = an_agent(kind=kind)

    told = list_capabilities(agent.credential, agent.credential.run_code)

    assert told["run"] == agent.credential.run_code
    assert [each["operation"] for each in told["operations"]] == NAMES[kind]
    schema = told["operations"][1]["arguments"]
    assert schema["required"] == ["deal", "text"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["text"]["maxLength"] == 2000
    assert len(json.dumps(told)) < 50_000


def test_a_stop_changes_nothing_of_it() -> None:
    agent = an_agent()
    before = list_capabilities(agent.credential, None)
    SafetySettings.objects.update(
        stopped_at=database_now(), posture="hold", changed_at=database_now()
    )

    assert list_capabilities(agent.credential, None) == before


def test_a_wrong_run_is_refused_and_written_down() -> None:
    agent = an_agent()

    told = list_capabilities(agent.credential, "NONE")

    assert told["codes"] == [Code.WRONG_RUN]
    assert ToolCall.objects.get(reference=told["action"]).grant is None

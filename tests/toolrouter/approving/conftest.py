"""An agent whose deal has an offer, somebody who may say yes, and the world outside."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from crm.enums import DealStage
from revenue.models import Offer
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from tests.outside import _outside, outside, pages_use_outside
from tests.toolrouter.agents import Agent, an_agent
from tests.toolrouter.approving.deciding import ask_for_link
from toolrouter.answers import Answer

__all__ = ["_outside", "outside", "pages_use_outside"]


@pytest.fixture
def offer() -> Offer:
    return OfferFactory()


@pytest.fixture
def agent(offer: Offer) -> Agent:
    prove_stripe()
    return an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def answer(agent: Agent, operator: User) -> Answer:
    """What the agent was told when it asked for a link: it waits for a person."""
    return ask_for_link(agent)

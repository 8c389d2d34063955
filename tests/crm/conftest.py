"""What tests of the relationship share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps

from kernel.references import new_reference

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def offer_ids(db: None) -> tuple[int, int]:
    """Two published offers, as rows of an app that crm cannot see."""
    rows = apps.get_model("revenue", "Offer").objects
    made = [
        rows.create(
            reference=new_reference("off"),
            slug=slug,
            version=1,
            title=slug,
            summary="s",
            delivered="d",
            refund_policy="r",
            amount_minor=100,
            currency="USD",
            created_at=NOON,
        ).pk
        for slug in ("snapshot", "report")
    ]
    return made[0], made[1]

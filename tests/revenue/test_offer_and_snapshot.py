"""What the seeded offer sells is what a snapshot is made of."""

from __future__ import annotations

from fulfillment.snapshots.schema import PROMISED, SECTION_NAMES
from revenue.usecases.seed_offer import SNAPSHOT


def test_each_line_of_the_offer_is_a_part_of_the_snapshot() -> None:
    assert SNAPSHOT.delivered.splitlines() == list(PROMISED.values())


def test_each_promised_part_is_submitted_or_put_together() -> None:
    put_together = {"document", "sources"}
    assert set(PROMISED) - put_together == set(SECTION_NAMES) - {"overview"}

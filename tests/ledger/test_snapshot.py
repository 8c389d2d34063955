"""Pieces of a verification that run at once over one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ledger.queries.verification.snapshot import Work, exported_snapshot, in_parallel

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_long_piece_holds_up_no_other_and_results_keep_their_order() -> None:
    last_began = threading.Event()

    def pieces() -> Iterator[Work[str]]:
        yield lambda: "long" if last_began.wait(timeout=20) else "held up the others"
        for number in range(30):
            yield lambda number=number: str(number)
        yield lambda: str(last_began.set())

    with exported_snapshot() as snapshot:
        results = list(in_parallel(pieces(), snapshot=snapshot, connections=2))

    assert results == ["long", *map(str, range(30)), "None"]

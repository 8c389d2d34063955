"""Check everything, on a few connections at once, over one snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from ledger.ports import Head
from ledger.queries.seals import published_keys
from ledger.queries.verification.chain import check_chain
from ledger.queries.verification.entries import check_span, check_unsealed
from ledger.queries.verification.heads import Heads
from ledger.queries.verification.keys import (
    Keys,
    check_published_keys,
    name_keys,
    sealed_rotations,
)
from ledger.queries.verification.report import Report
from ledger.queries.verification.rows import compared_rows
from ledger.queries.verification.snapshot import Work, exported_snapshot, in_parallel
from ledger.queries.verification.totals import check_legs, check_positions

CONNECTIONS: Final = 3


def verify(
    *,
    heads: Iterable[Head] | None,
    public_keys: Iterable[bytes],
    now: datetime,
    connections: int = CONNECTIONS,
) -> Report:
    """Compare every entry, leg, position, seal, key and balance with what was signed and published.

    ``heads`` are the heads kept outside the database at the time of the call and none later (see
    ``HeadSink.heads``); None: they are not compared. ``public_keys`` are the keys trusted
    beforehand; beside them only those count that they introduced (``Keys``). Reads only;
    appending and sealing go on meanwhile. Flat memory. Must not run inside a transaction.
    """
    began_s = time.perf_counter()
    report = Report()
    with exported_snapshot() as snapshot:
        keys = Keys(public_keys, sealed_rotations())
        for kept in published_keys():
            keys.learn(bytes(kept.public_key))
        walk = Heads(None if heads is None else iter(heads), report, keys)
        if heads is None:
            report.notes.append("The heads kept outside were not compared, as asked.")

        def work() -> Iterator[Work[Report]]:
            yield from compared_rows()
            yield check_legs
            yield check_positions
            for span in check_chain(heads=walk, keys=keys, report=report, now=now):
                yield partial(check_span, span)
            yield partial(check_unsealed, now=now)
            yield partial(check_published_keys, known=frozenset(keys.trusted))

        for part in in_parallel(work(), snapshot=snapshot, connections=connections):
            report.merge(part)
        if report.seals:
            report.merge(name_keys(keys))
    report.duration_s = time.perf_counter() - began_s
    return report

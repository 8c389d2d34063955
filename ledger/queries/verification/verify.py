"""Check everything, on a few connections at once, over one snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from ledger.ports import Head
from ledger.queries.seals import published_keys
from ledger.queries.verification.chain import Heads, check_chain
from ledger.queries.verification.entries import check_span, check_unsealed
from ledger.queries.verification.keys import check_published_keys, known_keys
from ledger.queries.verification.report import Report
from ledger.queries.verification.snapshot import Work, exported_snapshot, in_parallel
from ledger.queries.verification.totals import check_balances, check_strays

CONNECTIONS: Final = 3


def verify(
    *,
    heads: Iterable[Head],
    public_keys: Iterable[bytes],
    now: datetime,
    trusts_heads: bool = True,
    connections: int = CONNECTIONS,
) -> Report:
    """Compare every entry, leg, position, seal, key and balance with what was signed and published.

    ``heads`` are the heads kept outside the database at the time of the call and none later (see
    ``HeadSink.heads``), ``public_keys`` the keys trusted beforehand; keys that come with a head
    are trusted as well, unless ``trusts_heads`` is false. Reads only; appending and sealing go on
    meanwhile. Flat memory. Must not run inside a transaction.
    """
    began_s = time.perf_counter()
    report = Report()
    keys = known_keys(public_keys)
    with exported_snapshot() as snapshot:
        walk = Heads(iter(heads), report, keys if trusts_heads else {})
        if not keys:
            keys.update(known_keys(bytes(key.public_key) for key in published_keys()))
            report.notes.append(
                "No key is known from outside the database; those published beside it were used."
            )

        def work() -> Iterator[Work[Report]]:
            yield check_balances
            yield check_strays
            for span in check_chain(heads=walk, keys=keys, report=report, now=now):
                yield partial(check_span, span)
            yield partial(check_unsealed, now=now)
            yield partial(check_published_keys, known=frozenset(keys))

        for part in in_parallel(work(), snapshot=snapshot, connections=connections):
            report.merge(part)
    report.duration_s = time.perf_counter() - began_s
    return report

"""Places where a worker can be held: triggers of the test's own that wait for a lock.

The product knows nothing of them. A trigger behind each statement takes a shared advisory lock;
whoever holds that lock exclusively holds the worker right there, in the middle of its work, or
(with a deferred trigger) in the middle of its COMMIT.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from psycopg import Connection

from tests.chaos.shop import Row, Shop

LOCK_SPACE: Final = 4242
REACHED_WITHIN_S: Final = 60.0
MEANWHILE_EVERY_S: Final = 2.0


@dataclass(frozen=True)
class Stop:
    """Held after ``event`` on ``table`` where ``when`` holds; at COMMIT if it is deferred."""

    name: str
    table: str
    event: str = "INSERT"
    when: str = "true"
    is_deferred: bool = False


EVENT, MAIL, RUN = "revenue_stripewebhookevent", "revenue_buyermail", "fulfillment_acquisitionrun"
STOPS: Final = (
    Stop("the event is claimed", EVENT, "UPDATE", "new.state = 'processing'"),
    Stop("the contact is made", "crm_contact"),
    Stop("the deal is made", "crm_deal"),
    Stop("the timeline is told", "crm_activity"),
    Stop("the order is made", "revenue_order"),
    Stop("the checkout is closed", "revenue_checkoutsession", "UPDATE", "new.state = 'complete'"),
    Stop("the payment is booked", "revenue_revenueevent"),
    Stop("the ledger has its entry", "ledger_ledgerentry"),
    Stop("the ledger has its legs", "ledger_posting"),
    Stop("the intake is open", "fulfillment_orderintake"),
    Stop("the receipt is queued", MAIL),
    Stop("the event is settled", EVENT, "UPDATE", "new.state = 'processed'"),
    Stop("the attempt is written", "revenue_webhookattempt"),
    Stop("the sale commits", "revenue_order", is_deferred=True),
    Stop("the run is made", RUN),
    Stop("the run has its first line", "fulfillment_runevent"),
    Stop("the run commits", RUN, is_deferred=True),
    Stop("a mail is claimed", MAIL, "UPDATE", "new.state = 'sending' AND old.state = 'queued'"),
    Stop("a letter is ready", MAIL, "UPDATE", "new.message_id <> old.message_id"),
    Stop("a letter has left", MAIL, "UPDATE", "new.state = 'sent'"),
    Stop("entries get positions", "ledger_sealedentry"),
    Stop("a seal is written", "ledger_seal"),
    Stop("a seal commits", "ledger_seal", is_deferred=True),
)


def make_stops(shop: Shop, stops: Sequence[Stop] = STOPS) -> None:
    """Put every stop in place, open: nobody is held until its lock is taken."""
    with shop.connect(is_owner=True) as database:
        database.execute(
            "CREATE OR REPLACE FUNCTION chaos_stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock_shared({LOCK_SPACE}, tg_argv[0]::int);"
            " RETURN NULL; END $$"
        )
        for number, stop in enumerate(stops):
            kind = "CONSTRAINT TRIGGER" if stop.is_deferred else "TRIGGER"
            deferred = "DEFERRABLE INITIALLY DEFERRED" if stop.is_deferred else ""
            database.execute(
                f"CREATE {kind} zz_chaos_{number} AFTER {stop.event} ON {stop.table} {deferred}"
                f" FOR EACH ROW WHEN ({stop.when}) EXECUTE FUNCTION chaos_stop('{number}')"
            )


def remove_stops(shop: Shop) -> None:
    with shop.connect(is_owner=True) as database:
        database.execute("DROP FUNCTION chaos_stop() CASCADE")


@dataclass(frozen=True)
class Held:
    """One stop that is closed."""

    database: Connection[Row]
    number: int
    name: str

    def wait(self, *, meanwhile: Callable[[], None]) -> None:
        """Wait until somebody is held; do ``meanwhile`` once in a while."""
        began_s, done = time.monotonic(), 0
        while not self._held():
            waited_s = time.monotonic() - began_s
            assert waited_s < REACHED_WITHIN_S, f"nobody came to where {self.name!r}"
            if waited_s > (done + 1) * MEANWHILE_EVERY_S:
                meanwhile()
                done += 1
            time.sleep(0.02)

    def cut_off(self) -> None:
        """End the held transactions: their client died, and its COMMIT never came through."""
        for pid in self._held():
            self.database.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def _held(self) -> list[int]:
        rows = self.database.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND classid = %s AND objid = %s",
            (LOCK_SPACE, self.number),
        ).fetchall()
        return [int(row["pid"]) for row in rows]


@contextmanager
def held_at(shop: Shop, number: int, stops: Sequence[Stop] = STOPS) -> Iterator[Held]:
    """Close stop ``number`` of ``stops`` for as long as the block runs."""
    with shop.connect(is_owner=True) as database:
        database.execute("SELECT pg_advisory_lock(%s, %s)", (LOCK_SPACE, number))
        yield Held(database, number, stops[number].name)
        database.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, number))

"""Leases: work on a row is claimed for a while, with a token that fences off the slow.

A worker that outlives its lease may come back late. The fencing token grows with each claim, and
every write of a claimed row carries the token it was claimed with, so the late one writes nothing.

A lease ends at its time, or as soon as the process that took it is known to be gone
(``kernel.liveness``). While that process lives nobody takes the row before the database's own clock
says that the lease is over, whatever time it is for the taker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, models
from django.db.models import F, Q

from kernel.liveness import HOLDER_IS_GONE, process_number
from kernel.statements import update_where
from kernel.transitions import IllegalMove, LostRace, Stateful


class LostLease(LostRace):
    """Our lease ran out and another worker claimed the row. Whatever we did is not recorded."""


M = TypeVar("M", bound="Leased")


class Leased(models.Model):
    """A row that one worker at a time may work on."""

    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    leased_by = models.IntegerField(null=True, blank=True, editable=False)
    lease_token = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    def take_lease(self, *, now: datetime, lease: timedelta) -> bool:
        """Claim this row unless another lease still runs. Say whether we got it."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        rows = type(self)._base_manager.filter(free, pk=self.pk, lease_token=self.lease_token)
        until, number = now + lease, process_number()
        if not rows.update(leased_until=until, leased_by=number, lease_token=F("lease_token") + 1):
            return False
        self.leased_until, self.leased_by, self.lease_token = until, number, self.lease_token + 1
        return True

    def is_leased(self, *, now: datetime) -> bool:
        """Say whether somebody's lease ran when this row was read: how it ends is theirs to say."""
        return self.leased_until is not None and self.leased_until > now

    def write_fenced(self, **changes: object) -> None:
        """Write ``changes`` and give the lease back, if it is still ours.

        Raises LostLease otherwise.
        """
        self._write(changes, where={})

    def write_unmoved(self, **changes: object) -> None:
        """Like ``write_fenced``, but only while the row stands where it stood when we read it.

        Who took no lease may write so too: a lease that somebody took since then fences them off.
        """
        row = self._stateful()
        self._write(changes, where={row.STATE_FIELD: getattr(row, row.STATE_FIELD)})

    def move_fenced(self, to: str, **changes: object) -> None:
        """Move a row that nobody moved or claimed since we did, and give the lease back.

        One UPDATE. Raises IllegalMove when the table of moves forbids it, LostLease when we were
        late.
        """
        row = self._stateful()
        row.require_move(to)
        self.write_unmoved(**{row.STATE_FIELD: to}, **changes)

    def _stateful(self) -> Stateful:
        if not isinstance(self, Stateful):
            raise TypeError(f"{type(self).__name__} has no moves")
        return self

    def _write(self, changes: dict[str, object], *, where: dict[str, object]) -> None:
        written = {"leased_until": None, **changes}
        fence = {"pk": self.pk, "lease_token": self.lease_token, **where}
        if not update_where(type(self), where=fence, written=written):
            raise LostLease(f"{self!r}: claimed or moved since token {self.lease_token}")
        for name, value in written.items():
            setattr(self, name, value)


def claim_due(
    model: type[M],
    *,
    states: Sequence[str],
    to: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    only_id: int | None = None,
    only: Mapping[str, str] | None = None,
) -> list[M]:
    """Move up to ``limit`` rows that are past due into work, each to one claimer only.

    Due means: in one of ``states`` with ``next_attempt_at`` not after ``now``, and leased to nobody
    who lives. A claimed row comes due again when its lease ends, so a claimer that dies loses
    nothing. The state is written here
    by compare-and-swap, like ``Stateful.move``, but for many rows in one statement; every edge is
    checked against the model's table of moves. ``only_id`` claims one row, due or not; ``only``
    names columns of ours and what stands in the rows that are meant.

    Each row remembers where it stood (``was_in``), for ``give_back``.
    """
    moves = model.MOVES  # type: ignore[attr-defined]  # a Leased row with a state is Stateful
    if strangers := [state for state in states if to not in moves[state]]:
        raise IllegalMove(f"{model.__name__}: {strangers} -> {to}")
    table = connection.ops.quote_name(model._meta.db_table)
    which = "next_attempt_at <= %s" if only_id is None else "id = %s"
    is_free = f"(leased_until IS NULL OR leased_until <= clock_timestamp() OR {HOLDER_IS_GONE})"
    narrowed = "".join(f" AND {connection.ops.quote_name(column)} = %s" for column in only or {})
    # The states are our own words, never input; inlined so that a partial index can be proved.
    listed = ", ".join(f"'{state}'" for state in states)
    # Materialized: as a plain subquery it may be run once per row of the UPDATE, and each run skips
    # what the last one locked, so that more than ``limit`` rows are claimed and then forgotten.
    sql = f"""
        WITH due AS MATERIALIZED (
            SELECT id, state, next_attempt_at FROM {table}
            WHERE state IN ({listed}) AND {which} AND {is_free}{narrowed}
            ORDER BY next_attempt_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
        UPDATE {table} claimed SET state = %s, leased_until = %s, next_attempt_at = %s,
            leased_by = %s, lease_token = lease_token + 1, attempts = attempts + 1
        FROM due WHERE claimed.id = due.id
        RETURNING claimed.*, due.state AS state_before, due.next_attempt_at AS due_before"""  # noqa: S608  # table and states are ours
    until = now + lease
    rows = model._base_manager.raw(
        sql,
        [
            *(now if only_id is None else only_id, *(only or {}).values(), limit),
            *(to, until, until, process_number()),
        ],
    )
    return sorted(rows, key=lambda row: row.pk)


def end_leases_of_the_dead(model: type[M], *, where: str, now: datetime) -> int:
    """End each lease that a process took which is gone. Returns how many.

    What ``claim_due`` claimed is due at once. ``where`` is SQL of ours that the model's index of
    work covers, so that this reads no table as a whole.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    written = ["leased_until = %(now)s"]
    if any(field.name == "next_attempt_at" for field in model._meta.fields):
        written.append(
            "next_attempt_at = CASE WHEN next_attempt_at = leased_until"
            " THEN %(now)s ELSE next_attempt_at END"
        )
    sql = f"""
        UPDATE {table} SET {", ".join(written)}
        WHERE {where} AND leased_until > %(now)s AND {HOLDER_IS_GONE}"""  # noqa: S608  # ours
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now})
        return int(cursor.rowcount)


def was_in(row: Leased) -> str:
    """Return the state that ``claim_due`` claimed ``row`` from; the state of work: its lease ended.

    Whoever held that lease did not live to say how it went, or is late.
    """
    return str(vars(row)["state_before"])


def give_back(rows: Sequence[Leased]) -> None:
    """Let others have rows that ``claim_due`` claimed and nobody began with, in one statement.

    Each stands where it stood, due when it was due, and is not counted as tried. A row that
    another worker has claimed meanwhile is that worker's.
    """
    if not rows:
        return
    for row in rows:
        if isinstance(row, Stateful):
            row.require_move(was_in(row))
    table = connection.ops.quote_name(rows[0]._meta.db_table)
    sql = f"""
        UPDATE {table} claimed SET state = given.state, next_attempt_at = given.due,
            leased_until = NULL, attempts = attempts - 1
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
            AS given (id, token, state, due)
        WHERE claimed.id = given.id AND claimed.lease_token = given.token"""  # noqa: S608  # ours
    columns = zip(
        *((row.pk, row.lease_token, was_in(row), vars(row)["due_before"]) for row in rows),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in columns])

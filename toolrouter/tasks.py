"""Celery tasks of the router, in a queue and processes of their own: a long call holds up nothing.

Messages carry no truth; each task does what is due.
"""

from __future__ import annotations

from celery import shared_task

from kernel.liveness import database_now
from toolrouter.exchanges.approved import run_approved
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.exchanges.receipts import read_receipts
from toolrouter.exchanges.starts import watch_chain
from toolrouter.exchanges.verifying import note_keys
from toolrouter.usecases.call_off_purchases import call_off_purchases
from toolrouter.usecases.forget_counts import forget_counts


@shared_task(name="toolrouter.run_approved")
def run_approved_calls(**_newer: object) -> int:
    """Do what people approved and whose hold is over."""
    return run_approved(clock=database_now)


@shared_task(name="toolrouter.look_for_lost")
def look_for_lost_calls(**_newer: object) -> int:
    """Look for what nobody heard of. Nothing is made here."""
    return look_for_lost(clock=database_now)


@shared_task(name="toolrouter.read_receipts")
def read_pending_receipts(**_newer: object) -> int:
    """Compare what was done with the provider's own records."""
    return read_receipts(clock=database_now)


@shared_task(name="toolrouter.note_keys")
def note_keys_of_providers(**_newer: object) -> int:
    """Note providers whose key or address is another; in the sandbox, ask the stand-in at once."""
    return note_keys(clock=database_now)


@shared_task(name="toolrouter.watch_chain")
def watch_the_chain(**_newer: object) -> bool:
    """Compare the database with the head kept outside; hold the account where it was restored."""
    return watch_chain(now=database_now())


@shared_task(name="toolrouter.call_off_purchases")
def call_off_held_purchases(**_newer: object) -> int:
    """Call off what must not be bought any more, and say so to whoever may close it."""
    return call_off_purchases(now=database_now())


@shared_task(name="toolrouter.forget_counts")
def forget_counts_of_calls(**_newer: object) -> int:
    """Delete the counts of minutes that no limit asks for any more."""
    return forget_counts(now=database_now())

"""Entries as tests need them: boring ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from django.utils import timezone

from kernel.money import Money
from kernel.references import new_reference
from ledger import operations, providers
from ledger.exchanges.seals import seal_due
from ledger.operations import RecordedEntry
from ledger.queries.seals import newest_seal
from ledger.queries.verification import Report, verify

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORDER = new_reference("ord", at_ms=1)
TRACE = new_reference("trc", at_ms=1)
_numbers = count(1)


def dollars(amount_minor: int = 100, currency: str = "USD") -> dict[str, Money]:
    return {
        "assets:stripe": Money(amount_minor, currency),
        "income:sales": Money(-amount_minor, currency),
    }


def paid(**changes: Any) -> RecordedEntry:
    """Record one paid order; each call is a fact of its own unless ``key`` says which."""
    content: dict[str, Any] = {
        "key": f"order.paid:{next(_numbers)}",
        "kind": "model",
        "event": "order.paid",
        "subject": ORDER,
        "refs": ["cs_test_a1b2c3d4e5f6"],
        "facts": {"amount_minor": 100, "currency": "USD"},
        "mode": "sample",  # whatever is compared with rows leaves these out
        "trace_ref": TRACE,
        "occurred_at": NOON,
        "now": timezone.now(),
        "postings": dollars(),
    }
    return operations.record(**{**content, **changes})


def seal(batch_max: int = 5_000, now: datetime | None = None) -> int:
    """Seal what is due, with the key and the log that the settings name."""
    return seal_due(
        signer=providers.signer(may_make=newest_seal() is None, now=now or timezone.now()),
        sink=providers.head_sink(),
        now=now or timezone.now(),
        batch_max=batch_max,
    )


def check(now: datetime | None = None) -> Report:
    """Verify with the pins and the log that the settings name."""
    return verify(
        heads=providers.head_sink().heads(),
        public_keys=providers.pinned_keys(),
        now=now or timezone.now(),
    )


def own_key() -> bytes:
    """Return the public half of the key that signs."""
    return providers.signer(may_make=False, now=NOON).public_key


def refusal(do: Callable[[], object]) -> str:
    """Return the name of the error that ``do`` ends in."""
    try:
        do()
    except Exception as error:  # noqa: BLE001  # the name is what the test compares
        return type(error).__name__
    return ""


def log_lines() -> list[str]:
    path: Path = providers.head_sink()._path  # the file itself
    return path.read_text().splitlines()

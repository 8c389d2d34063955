"""What differs between what was approved and what the provider's own record says. Pure."""

from __future__ import annotations

from kernel.modes import Mode
from kernel.money import Money
from toolrouter.ports import ProviderRecord


def differences(
    record: ProviderRecord, *, provider_ref: str, amount: Money | None, key: str, mode: str
) -> list[str]:
    """Return what is otherwise, by name; nothing where the record is as it was approved."""
    read, asked = record.amount, amount
    pairs = {
        "provider_ref": record.provider_ref == provider_ref,
        "amount": (read and read.amount_minor) == (asked and asked.amount_minor),
        "currency": (read and read.currency) == (asked and asked.currency),
        "key": record.key == key,
        "livemode": record.is_live == (mode == Mode.LIVE),
    }
    return [name for name, is_same in pairs.items() if not is_same]

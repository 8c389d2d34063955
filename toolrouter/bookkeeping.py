"""What a bookkeeper gets: lines of a table, as CSV that no program takes for formulas. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any, Final

from kernel.money import Money

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), full-width too.
_BEGINS_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
COLUMNS: Final = (
    *("purchase", "mode", "booked_on", "paid_on", "vendor", "vendor_is", "what", "category"),
    *("amount", "currency", "approved_amount", "approved_currency", "paid_by", "project", "run"),
    *("approval", "receipt_sha256"),
)
BYTE_ORDER_MARK: Final = "\ufeff"  # by which spreadsheets know that it is UTF-8


def as_csv(lines: Iterable[Mapping[str, Any]]) -> str:
    """Return ``lines`` under their heads. Amounts are plain decimal numbers."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        cells = {**line, **_amount("", line["paid"]), **_amount("approved_", line["approved"])}
        writer.writerow([defused(str(cells[column])) for column in COLUMNS])
    return BYTE_ORDER_MARK + text.getvalue()


def defused(cell: str) -> str:
    """Return ``cell`` so that a spreadsheet shows it and computes nothing."""
    return f"'{cell}" if cell.lstrip(" \u00a0")[:1] in _BEGINS_FORMULA else cell


def _amount(prefix: str, money: Money) -> dict[str, str]:
    return {f"{prefix}amount": money.decimal(), f"{prefix}currency": money.currency}

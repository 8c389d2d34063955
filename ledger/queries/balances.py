"""What lies on the accounts, per mode and currency: never added across either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection

from kernel.money import Money

# The running totals cover what is sealed; what is not sealed yet is on the sealer's short list.
# One statement, one snapshot: an entry is in exactly one of the two.
_SEALED = "SELECT mode, account, currency, amount_minor FROM ledger_balance"
_WAITING = """
  UNION ALL
  SELECT entry.mode, leg.account, leg.currency, leg.amount_minor
  FROM ledger_unsealedentry due
  JOIN ledger_ledgerentry entry ON entry.id = due.entry_id
  JOIN ledger_posting leg ON leg.entry_id = entry.id
"""
_BALANCES = """
SELECT mode, account, currency, sum(amount_minor)::bigint FROM ({legs}) legs
WHERE (%(mode)s = '' OR mode = %(mode)s) AND (%(account)s = '' OR account = %(account)s)
GROUP BY mode, account, currency ORDER BY mode, currency, account COLLATE "C"
"""
_OF_SEALED: Final = _BALANCES.format(legs=_SEALED)
_OF_ALL: Final = _BALANCES.format(legs=_SEALED + _WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """The sum of all legs of one account in one mode and currency."""

    mode: str
    account: str
    amount: Money


def balances(
    *, mode: str = "", account: str = "", is_sealed_only: bool = False
) -> list[AccountBalance]:
    """Return the balances of every account, or of one mode, or of one account. 1 statement.

    ``is_sealed_only`` leaves out what waits for a seal, and costs the same however much that is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_SEALED if is_sealed_only else _OF_ALL, {"mode": mode, "account": account}
        )
        rows = cursor.fetchall()
    return [
        AccountBalance(mode=row_mode, account=row_account, amount=Money(amount_minor, currency))
        for row_mode, row_account, currency, amount_minor in rows
    ]

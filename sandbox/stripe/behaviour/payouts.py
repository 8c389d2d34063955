"""Payouts: the balance goes to the seller's bank."""

from collections import defaultdict

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.balance import new_balance_transaction, new_payout


def pay_out(context: RequestContext, *, is_early: bool = False) -> list[Doc]:
    """Send what is available to the bank, one payout per currency.

    ``is_early`` takes along what would only be available in two days.
    """
    made = []
    rows = context.store.rows(
        "SELECT id FROM documents WHERE kind = 'balance_transaction'"
        " AND json_extract(body, '$._payout') IS NULL"
        " AND json_extract(body, '$.type') <> 'payout'"
        " AND (? OR json_extract(body, '$.available_on') <= ?)",
        (is_early, context.now),
    )
    entries: dict[str, list[Doc]] = defaultdict(list)
    for row in rows:
        entry = context.store.get(row["id"])
        entries[entry["currency"]].append(entry)
    for currency, taken in sorted(entries.items()):
        amount = sum(entry["net"] for entry in taken)
        if amount > 0:
            made.append(_pay_out(context, amount=amount, currency=currency, taken=taken))
    return made


def _pay_out(context: RequestContext, *, amount: int, currency: str, taken: list[Doc]) -> Doc:
    store = context.store
    payout = store.add(new_payout(now=context.now, amount=amount, currency=currency))
    entry = new_balance_transaction(
        now=context.now,
        amount=-amount,
        currency=currency,
        source=payout["id"],
        kind="payout",
        category="payout",
        description="STRIPE PAYOUT",
        available_on=context.now,
    )
    store.add({**entry, "_payout": payout["id"]})
    store.change(payout, balance_transaction=entry["id"])
    for each in taken:
        store.change(each, _payout=payout["id"])
    emit(context, "payout.created", payout)
    emit(context, "payout.paid", payout)
    return payout

"""``/v1/balance``, ``/v1/balance_transactions`` and ``/v1/payouts``."""

from collections import defaultdict
from typing import Final

from sandbox.store import Doc
from sandbox.stripe.call import Call, Endpoint
from sandbox.stripe.lists import Filter, list_of
from sandbox.stripe.outbox import emit
from sandbox.stripe.problems import no_such
from sandbox.stripe.shapes.payment import new_balance_transaction
from sandbox.stripe.shapes.returns import new_payout
from sandbox.world import Moment

SUMS: Final = (
    "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS net"
    " FROM documents WHERE kind = 'balance_transaction'"
    " AND json_extract(body, '$.available_on') {} ? GROUP BY 1"
)


def _sums(moment: Moment, comparison: str) -> dict[str, int]:
    rows = moment.store.rows(SUMS.format(comparison), (moment.now,))
    return {row["currency"]: int(row["net"]) for row in rows}


def balance(call: Call) -> Doc:
    """What has arrived and what is on its way, by currency."""
    available, pending = _sums(call.moment, "<="), _sums(call.moment, ">")
    currencies = sorted({*available, *pending}) or ["usd"]

    def shown(sums: dict[str, int]) -> list[Doc]:
        return [
            {
                "amount": sums.get(currency, 0),
                "currency": currency,
                "source_types": {"card": sums.get(currency, 0)},
            }
            for currency in currencies
        ]

    return {
        "object": "balance",
        "available": shown(available),
        "connect_reserved": [{"amount": 0, "currency": each} for each in currencies],
        "livemode": False,
        "pending": shown(pending),
    }


def find_entry(call: Call) -> Doc:
    """One balance transaction."""
    found = call.moment.store.find(call.path["id"], "balance_transaction")
    if found is None:
        raise no_such("balance_transaction", call.path["id"])
    return found


def list_entries(call: Call) -> Doc:
    """Newest first, by time, type, source, currency or the payout that took them."""
    where = Filter()
    where.equal(call.params, "type", "source", "currency")
    where.created(call.params)
    payout = call.params.text("payout")
    if payout is not None:
        if call.moment.store.find(payout, "payout") is None:
            raise no_such("payout", payout, param="payout", status=404)
        where.field("_payout", payout)
    return list_of(call, "balance_transaction", url="/v1/balance_transactions", where=where)


def find_payout(call: Call) -> Doc:
    """One payout."""
    found = call.moment.store.find(call.path["id"], "payout")
    if found is None:
        raise no_such("payout", call.path["id"])
    return found


def list_payouts(call: Call) -> Doc:
    """Newest first."""
    where = Filter()
    where.equal(call.params, "status")
    where.created(call.params)
    return list_of(call, "payout", url="/v1/payouts", where=where)


def pay_out(moment: Moment, *, is_early: bool = False) -> list[Doc]:
    """Send what is available to the bank, one payout per currency.

    ``is_early`` takes along what would only be available in two days.
    """
    made = []
    rows = moment.store.rows(
        "SELECT id FROM documents WHERE kind = 'balance_transaction'"
        " AND json_extract(body, '$._payout') IS NULL"
        " AND json_extract(body, '$.type') <> 'payout'"
        " AND (? OR json_extract(body, '$.available_on') <= ?)",
        (is_early, moment.now),
    )
    entries: dict[str, list[Doc]] = defaultdict(list)
    for row in rows:
        entry = moment.store.get(row["id"])
        entries[entry["currency"]].append(entry)
    for currency, taken in sorted(entries.items()):
        amount = sum(entry["net"] for entry in taken)
        if amount > 0:
            made.append(_pay_out(moment, amount=amount, currency=currency, taken=taken))
    return made


def _pay_out(moment: Moment, *, amount: int, currency: str, taken: list[Doc]) -> Doc:
    store = moment.store
    payout = store.add(new_payout(now=moment.now, amount=amount, currency=currency))
    entry = new_balance_transaction(
        now=moment.now,
        amount=-amount,
        currency=currency,
        source=payout["id"],
        kind="payout",
        category="payout",
        description="STRIPE PAYOUT",
        available_on=moment.now,
    )
    store.add({**entry, "_payout": payout["id"]})
    store.change(payout, balance_transaction=entry["id"])
    for each in taken:
        store.change(each, _payout=payout["id"])
    emit(moment, "payout.created", payout)
    emit(moment, "payout.paid", payout)
    return payout


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/balance", balance),
    Endpoint("GET", "/v1/balance_transactions", list_entries),
    Endpoint("GET", "/v1/balance_transactions/{id}", find_entry),
    Endpoint("GET", "/v1/payouts", list_payouts),
    Endpoint("GET", "/v1/payouts/{id}", find_payout),
)

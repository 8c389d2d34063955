"""``/v1/balance``, ``/v1/balance_transactions`` and ``/v1/payouts``."""

from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.shapes.errors import no_such

SUMS: Final = (
    "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS net"
    " FROM documents WHERE kind = 'balance_transaction'"
    " AND json_extract(body, '$.available_on') {} ? GROUP BY 1"
)


def _sums(context: RequestContext, comparison: str) -> dict[str, int]:
    rows = context.store.rows(SUMS.format(comparison), (context.now,))
    return {row["currency"]: int(row["net"]) for row in rows}


def balance(call: Call) -> Doc:
    """What has arrived and what is on its way, by currency."""
    available, pending = _sums(call.context, "<="), _sums(call.context, ">")
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
    found = call.context.store.find(call.path["id"], "balance_transaction")
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
        if call.context.store.find(payout, "payout") is None:
            raise no_such("payout", payout, param="payout", status=404)
        where.field("_payout", payout)
    return list_of(call, "balance_transaction", url="/v1/balance_transactions", where=where)


def find_payout(call: Call) -> Doc:
    """One payout."""
    found = call.context.store.find(call.path["id"], "payout")
    if found is None:
        raise no_such("payout", call.path["id"])
    return found


def list_payouts(call: Call) -> Doc:
    """Newest first."""
    where = Filter()
    where.equal(call.params, "status")
    where.created(call.params)
    return list_of(call, "payout", url="/v1/payouts", where=where)


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/balance", balance),
    Endpoint("GET", "/v1/balance_transactions", list_entries),
    Endpoint("GET", "/v1/balance_transactions/{id}", find_entry),
    Endpoint("GET", "/v1/payouts", list_payouts),
    Endpoint("GET", "/v1/payouts/{id}", find_payout),
)

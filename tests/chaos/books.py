"""What must hold when the dust has settled: nothing lost, nothing doubled, all of it sealed."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Final

import httpx

from tests.chaos.shop import Shop

SETTLES_WITHIN_S: Final = 60.0
SWEEP_EVERY_S: Final = 2.0
GIVEN_UP: Final = "event that Stripe gave up"
MAIL: Final = re.compile(r"^Message-ID: <(mail_[0-9a-z]{26})\.", re.MULTILINE)

# Each line is (what is still under way, how many).
UNDER_WAY: Final = """
SELECT 'event ' || state AS what, count(*) AS how_many FROM revenue_stripewebhookevent
    WHERE state NOT IN ('processed', 'ignored') GROUP BY state
UNION ALL SELECT 'mail ' || state, count(*) FROM revenue_buyermail
    WHERE state IN ('queued', 'sending') GROUP BY state
UNION ALL SELECT 'intake without a run', count(*) FROM fulfillment_orderintake
    WHERE run_made_at IS NULL HAVING count(*) > 0
UNION ALL SELECT 'checkout nobody knows', count(*) FROM revenue_checkoutsession
    WHERE state = 'unknown' HAVING count(*) > 0
UNION ALL SELECT 'unsealed entry', count(*) FROM ledger_unsealedentry HAVING count(*) > 0
"""
# An intake is left alone for thirty seconds, and a worker whose clock is fast dates its work ten
# minutes ahead. That time passes here, but not for what began a moment ago.
LET_TIME_PASS: Final = (
    "UPDATE revenue_buyermail SET next_attempt_at = now()"
    " WHERE state = 'queued' AND next_attempt_at > now() + interval '1 minute'",
    "UPDATE revenue_stripewebhookevent SET next_attempt_at = now()"
    " WHERE state <> 'processing' AND next_attempt_at > now() + interval '1 minute'",
    "UPDATE fulfillment_orderintake SET opened_at = opened_at - interval '11 minutes'"
    " WHERE run_made_at IS NULL AND opened_at > now() - interval '30 seconds'",
)

PER_PAID_ORDER: Final = """
SELECT checkout.stripe_id AS session, orders.reference, orders.state,
    (SELECT count(*) FROM revenue_revenueevent e WHERE e.order_id = orders.id
        AND e.kind = 'payment') AS payments,
    (SELECT count(*) FROM crm_deal d WHERE d.won_order_ref = orders.reference
        AND d.stage = 'won') AS won_deals,
    (SELECT count(*) FROM fulfillment_orderintake i WHERE i.order_id = orders.id) AS intakes,
    (SELECT count(*) FROM fulfillment_acquisitionrun r JOIN fulfillment_orderintake i
        ON r.intake_id = i.id WHERE i.order_id = orders.id) AS runs,
    (SELECT count(*) FROM fulfillment_runevent v JOIN fulfillment_acquisitionrun r
        ON v.run_id = r.id JOIN fulfillment_orderintake i ON r.intake_id = i.id
        WHERE i.order_id = orders.id AND v.kind = 'planned') AS plans,
    (SELECT count(*) FROM ledger_ledgerentry l WHERE l.subject = orders.reference
        AND l.event = 'payment_booked') AS entries,
    (SELECT count(*) FROM revenue_buyermail m WHERE m.order_id = orders.id
        AND m.kind = 'paid') AS receipts
FROM revenue_order orders JOIN revenue_checkoutsession checkout ON checkout.id = orders.checkout_id
WHERE orders.paid_at IS NOT NULL
"""
OF_WHICH_ONE: Final = (
    *("payments", "won_deals", "intakes", "runs", "plans", "entries", "receipts"),
)
OURS_AT_STRIPE: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM ledger_posting p
    JOIN ledger_ledgerentry l ON l.id = p.entry_id
    WHERE p.account = 'assets:stripe' AND l.event <> 'fee_booked'
"""


def settle(shop: Shop) -> None:
    """Wait until nothing is under way any more. Fails, naming what is, when it never ends."""
    deadline, next_sweep_s = time.monotonic() + SETTLES_WITHIN_S, 0.0
    while waiting := under_way(shop):
        if time.monotonic() > deadline:
            raise AssertionError(f"not settled after {SETTLES_WITHIN_S:.0f} s: {waiting}")
        if time.monotonic() > next_sweep_s:
            _let_time_pass(shop)
            shop.sweep()
            if GIVEN_UP in waiting:
                shop.reconcile()
            next_sweep_s = time.monotonic() + SWEEP_EVERY_S
        time.sleep(0.2)


def under_way(shop: Shop) -> dict[str, int]:
    """Ask Stripe first: what it delivers after that, our own tables show."""
    undelivered, never_notified = shop.undelivered(), shop.never_notified()
    found = {row["what"]: int(row["how_many"]) for row in shop.rows(UNDER_WAY)}
    if undelivered:
        found["webhook not delivered"] = undelivered
    known = {
        row["id"] for row in shop.rows("SELECT stripe_id AS id FROM revenue_stripewebhookevent")
    }
    if dropped := never_notified - known:
        found[GIVEN_UP] = len(dropped)
    if not _is_ready(shop):
        found["readyz says no"] = 1
    return found


def _is_ready(shop: Shop) -> bool:
    try:
        return httpx.get(f"{shop.stack.base_url}/readyz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def _let_time_pass(shop: Shop) -> None:
    with shop.connect() as database:
        for statement in LET_TIME_PASS:
            database.execute(statement.encode())


def wrongs(shop: Shop) -> list[str]:
    """Return everything that was lost or doubled; empty means that the books are right."""
    return [*_sales(shop), *_sessions(shop), *_money(shop), *_mails(shop)]


def _sales(shop: Shop) -> list[str]:
    sessions = shop.at_stripe("checkout/sessions")
    paid = {each["id"] for each in sessions if each["payment_status"] == "paid"}
    orders = {row["session"]: row for row in shop.rows(PER_PAID_ORDER)}
    found = [f"paid at Stripe, no paid order: {session}" for session in paid - orders.keys()]
    found += [f"paid order, not paid at Stripe: {session}" for session in orders.keys() - paid]
    for row in orders.values():
        odd = [name for name in OF_WHICH_ONE if row[name] != 1]
        found += [f"{row['reference']}: {row[name]} {name}" for name in odd]
    return found


def _sessions(shop: Shop) -> list[str]:
    """One checkout row, one session: a repeated call made no second one."""
    made = Counter(each["client_reference_id"] for each in shop.at_stripe("checkout/sessions"))
    return [f"{ref}: {times} sessions at Stripe" for ref, times in made.items() if times != 1]


def _money(shop: Shop) -> list[str]:
    """Σ ledger = Σ Stripe, before fees."""
    at_stripe = sum(each["amount"] for each in shop.at_stripe("balance_transactions"))
    [ours] = shop.rows(OURS_AT_STRIPE)
    if ours["minor"] == at_stripe:
        return []
    return [f"the ledger has {ours['minor']} at Stripe, Stripe has {at_stripe}"]


def _mails(shop: Shop) -> list[str]:
    """A sent mail left once; one that nobody knows about may have left, and waits for a person."""
    letters = Counter(
        name
        for file in (shop.stack.home.path / "mail").iterdir()
        for name in MAIL.findall(file.read_text(errors="replace"))
    )
    of_alerts = shop.rows("SELECT reference FROM notices_outgoingmail WHERE lane = 'alerts'")
    may_repeat = {row["reference"] for row in of_alerts}  # told twice rather than never
    found = [
        f"{name} left {times} times"
        for name, times in letters.items()
        if times > 1 and name not in may_repeat
    ]
    for row in shop.rows("SELECT reference, state FROM revenue_buyermail"):
        if row["state"] == "sent" and letters[row["reference"]] != 1:
            found.append(f"{row['reference']} is sent, but no letter left")
        if row["state"] not in {"sent", "unknown", "overtaken"}:
            found.append(f"{row['reference']} is {row['state']}")
    alerts = shop.rows(
        "SELECT reference FROM revenue_buyermail WHERE state = 'unknown' AND reference NOT IN"
        " (SELECT subject FROM revenue_operatoralert WHERE kind = 'mail_unsent')"
    )
    return found + [f"{row['reference']} is unknown, and nobody was told" for row in alerts]

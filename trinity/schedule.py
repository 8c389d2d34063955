"""What runs by the clock, and how often."""

from __future__ import annotations

from typing import Final

# Task name -> seconds between two runs. Every sweep is a no-op when nothing is past due.
SWEEPS_EVERY_S: Final[dict[str, int]] = {
    "revenue.process_webhooks": 5,
    "revenue.end_leases": 10,
    "revenue.sweep_checkouts": 30,
    "revenue.sweep_payment_links": 30,
    "revenue.sweep_refunds": 60,
    "revenue.sweep_prices": 900,
    "revenue.send_mail": 15,
    "notices.send_mails": 15,
    "revenue.send_alerts": 60,
    "revenue.answer_link_requests": 30,
    "revenue.watch": 60,
    "revenue.keep_views": 60,
    "revenue.reconcile": 3600,
    "revenue.empty_old_bodies": 86_400,
    "crm.forget_trapped": 86_400,
    "fulfillment.start_runs": 30,
    "fulfillment.advance_runs": 120,
    "revenue.fill_briefs": 600,
    "fulfillment.look_up": 15,
    "fulfillment.empty_old_sources": 86_400,
    "fulfillment.tend_turns": 5,
    "approvals.expire_due": 30,
    "approvals.tell_people": 60,
    "toolrouter.run_approved": 5,
    "toolrouter.look_for_lost": 30,
    "toolrouter.read_receipts": 60,
    "toolrouter.note_keys": 5,
    "toolrouter.watch_chain": 60,
    "toolrouter.call_off_purchases": 15,
    "ledger.seal": 10,
    "trinity.write_tallies": 60,
    "trinity.forget_refusals": 86_400,
    "toolrouter.forget_counts": 86_400,
    "trinity.clear_sessions": 86_400,
}

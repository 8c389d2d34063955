"""The business on one screen: what wakes whom. A lost word is swept up after by the schedule.

Links between apps that must not import each other are task *names* here; a test proves that each
one is a registered task.
"""

from __future__ import annotations

from typing import Final

FLOW: Final[dict[str, tuple[str, ...]]] = {
    "webhook.accepted": ("revenue.process_webhooks",),
    "turn.due": ("fulfillment.tend_turns",),
    "order.paid": ("fulfillment.start_runs",),
    "run.moved": ("fulfillment.advance_runs",),
    "run.opened": ("revenue.fill_briefs",),
    "lookup.wanted": ("fulfillment.look_up",),
    "leases.ended": (
        "fulfillment.look_up",
        "revenue.process_webhooks",
        "revenue.send_mail",
        "notices.send_mails",
        "revenue.send_alerts",
    ),
    "mail.queued": ("revenue.send_mail",),
    "team_mail.queued": ("notices.send_mails",),
    "alert.raised": ("revenue.send_alerts",),
    "approval.requested": ("approvals.tell_people",),
    "order_links.requested": ("revenue.answer_link_requests",),
    "reconcile.wanted": ("revenue.reconcile",),
}

# What may wait long for somebody outside runs in processes of its own (``worker-tools``).
TOOLS_QUEUE: Final = "tools"
TOOLS_HOST: Final = "tools@%h"  # %h: the machine's name
TASK_ROUTES: Final = {
    name: {"queue": TOOLS_QUEUE}
    for name in (
        "fulfillment.look_up",
        "fulfillment.tend_turns",
        "toolrouter.run_approved",
        "toolrouter.look_for_lost",
        "toolrouter.read_receipts",
        "toolrouter.note_keys",
        "toolrouter.watch_chain",
        "toolrouter.call_off_purchases",
        "toolrouter.forget_counts",
    )
}

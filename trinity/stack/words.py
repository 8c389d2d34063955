"""What the stack says to the person who started it. Plain text, readable when piped."""

from pathlib import Path
from typing import Final

from trinity.stack.plan import Plan

MODES: Final = {
    "live": "Live: real money moves.",
    "test": "Test mode: Stripe itself answers, no real money moves.",
    "sandbox": "Sandbox: no real money moves; a stand-in for Stripe on this machine answers.",
}
PAYING: Final = {
    "live": "Customers pay on Stripe's page with real cards.",
    "test": "Open the offer, press Pay, and pay on Stripe's page with card 4242 4242 4242 4242, "
    "any future date, any code.",
    "sandbox": "Open the offer, press Pay, and pay with card 4242 4242 4242 4242, any future date, "
    "any code.",
}


def welcome(plan: Plan, *, password: str | None, took_s: float) -> str:
    """Return the page of facts that stands when all is up.

    ``password`` is given once, on the start that made it. Later its owner may have changed it.
    """
    secret = plan.home.path / "owner-password"
    keys = f"password {password}" if password else f"first password in {shown(secret)}"
    rows = [
        ("Shop", f"{plan.base_url}/"),
        ("Console", f"{plan.base_url}/console/"),
        ("Webhooks", f"{plan.doors_url}/webhooks/stripe"),
        ("Agents", f"{plan.mcp_url}  (a token for a run: manage run_token RUN)"),
        ("Log in as", f"{plan.owner}, {keys}"),
        ("Mode", MODES[plan.mode]),
        ("To pay", PAYING[plan.mode]),
        ("Logs", f"{shown(plan.home.log)}/  (web.log, worker.log, …)"),
        ("Stop", "Ctrl-C"),
    ]
    if plan.has_sandbox:
        rows.insert(2, ("Sandbox", f"{plan.sandbox_url}/  (refunds, disputes, late payments)"))
    lines = [f"  {name:<10} {text}" for name, text in rows]
    return "\n".join(["", f"Trinity is running (ready in {took_s:.1f} s).", "", *lines, ""])


def shown(path: Path) -> str:
    """Return ``path`` as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

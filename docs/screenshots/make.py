"""Makes the pictures of the README: a sale, and what an agent asks, on a stack of its own.

``.trinity/venv/bin/python docs/screenshots/make.py``, from anywhere. Needs /usr/bin/chromium.
"""

from __future__ import annotations

import re
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import httpx  # noqa: E402  # the clone first
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402  # the clone first

from trinity.sale.steps import Sale  # noqa: E402  # needs the path above
from trinity.stack.private import Stack, running  # noqa: E402  # needs the path above

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = [
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    "--disable-background-networking",
]
WIDTH, WIDE, HEIGHT = 1100, 1240, 760
BYTES_MAX: Final = 200_000
CARD: Final = {
    "email": "ada@example.com",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ada Example",
}
PURCHASE: Final = {
    "amount_minor": 490,
    "currency": "USD",
    "vendor": "crunchline.example",
    "what": "Report of head counts, four quarters",
    "why": "The snapshot needs head counts of four quarters. They sell them as one report.",
    "category": "data",
    "evidence": ["https://crunchline.example/reports/head-counts"],
}
ORDER: Final = re.compile(r"/order/ord_[0-9a-z]{26}/$")
NEWEST_RUN: Final = (
    "from fulfillment.models import AcquisitionRun as R; print(R.objects.latest('pk').reference)"
)
SALES_BEFORE: Final = 3  # so that the dashboard has something to say


def main() -> None:
    """Start a stack, sell, take the pictures, stop it."""
    with tempfile.TemporaryDirectory(prefix="trinity-pictures-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        with running(home=Path(folder) / "home") as stack, sync_playwright() as playwright:
            for _ in range(SALES_BEFORE):
                reference = sell(stack)
            ask(stack)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            buy(stack, browser)
            stack.manage("reconcile")  # books the fees
            operate(stack, browser, reference=reference)
            browser.close()


def sell(stack: Stack) -> str:
    """Play one whole sale by plain HTTP, as ``bin/sale`` does; return the order's reference."""
    with closing(Sale(stack, say=print)) as sale:
        for step in (sale.request, sale.review, sale.prepare, sale.pay, sale.settle):
            print(step())
        return sale.reference


def ask(stack: Stack) -> None:
    """Ask for a snapshot, so that something waits for the operator."""
    with closing(Sale(stack, say=print)) as sale:
        print(sale.request())


def buy(stack: Stack, browser: Browser) -> None:
    """Buy as a visitor does."""
    page = window(browser)
    page.goto(f"{stack.base_url}/")
    page.get_by_role("link", name="Acquisition snapshot").first.click()
    keep(page, "offer")
    page.get_by_role("button", name="Pay").click()
    for name, value in CARD.items():
        page.fill(f"[name={name}]", value)
    keep(page, "checkout")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(ORDER)
    keep(page, "order")


def operate(stack: Stack, browser: Browser, *, reference: str) -> None:
    """Log in as the owner; look at the dashboard and at the sale's trace."""
    page = window(browser)
    page.goto(f"{stack.base_url}/console/")
    page.fill("[name=login]", stack.owner_email)
    page.fill("[name=password]", stack.owner_password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/console/")
    page.wait_for_timeout(12_000)  # the run is planned, the letter sent, the ledger sealed
    page.reload()
    keep(page, "dashboard", width=WIDE, height=900)
    page.goto(f"{stack.base_url}/console/trace/{reference}/")
    keep(page, "trace", width=WIDE, height=1100)
    approval = let_an_agent_ask(stack)
    page.goto(f"{stack.base_url}/console/approvals/{approval}/")
    keep(page, "approval", width=WIDE, height=900)
    page.goto(f"{stack.base_url}/console/safety/")
    keep(page, "safety", width=WIDE, height=760)


def let_an_agent_ask(stack: Stack) -> str:
    """Propose a purchase over MCP, as a run's agent does; return the request that people decide."""
    run = stack.manage("shell", "-c", NEWEST_RUN).stdout.split()[-1]
    token = stack.manage("run_token", run).stdout.strip()
    asked = {"operation": "purchase.propose", "arguments": PURCHASE, "key": "head-counts"}
    called = {"name": "propose_action", "arguments": asked}
    answer = httpx.post(
        str(stack.home.state()["addresses"]["mcp"]),
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called},
        headers={
            "accept": "application/json, text/event-stream",
            "authorization": f"Bearer {token}",
            "mcp-protocol-version": "2025-11-25",
        },
        timeout=30,
    ).json()["result"]["structuredContent"]
    if not answer["approval"]:
        raise RuntimeError(f"the router answered {answer}")
    return str(answer["approval"])


def window(browser: Browser) -> Page:
    """Open a window of somebody's own."""
    viewport = {"width": WIDTH, "height": HEIGHT}
    return browser.new_context(viewport=viewport, reduced_motion="reduce").new_page()  # type: ignore[arg-type]  # a plain dict will do


def keep(page: Page, name: str, *, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Take the picture of what the window shows. Raises RuntimeError when it is too big."""
    file = HERE / f"{name}.png"
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    size = file.stat().st_size
    print(f"{file.name}: {size // 1000} kB")
    if size > BYTES_MAX:
        raise RuntimeError(f"{file.name} is larger than {BYTES_MAX // 1000} kB")


if __name__ == "__main__":
    main()

"""The steps of one sale, each by the pages that people use."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from html import unescape
from typing import Any, Final

from trinity.sale.addresses import own_address
from trinity.sale.browser import Browser, Page, TooMany, Unexpected
from trinity.stack.private import Stack

TEST_CARD: Final = {
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ada Example",
}
SETTLED_WITHIN_S: Final = 30.0
PERSON_PAYS_WITHIN_S: Final = 900.0
FORM_IS_SHUT: Final = (
    "the public form takes 20 requests an hour from one address, and this machine has sent them; "
    "play the next sale in an hour, or in a stack of its own (TRINITY_HOME, PORT, SANDBOX_PORT)"
)
DEAL: Final = re.compile(r"/console/deals/(deal_[0-9a-z]{26})/")
ORDER: Final = re.compile(r"/order/(ord_[0-9a-z]{26})/")

Say = Callable[[str], None]


class Sale:
    """One sale under way: a buyer's browser, an operator's browser, and what they found."""

    def __init__(self, stack: Stack, *, say: Say) -> None:
        self.stack, self.say = stack, say
        self.buyer, self.operator = Browser(address=own_address(base_url=stack.base_url)), Browser()
        tail = secrets.token_hex(4)
        self.email = f"ada.{tail}@example.com"
        self.company = f"Example Works {tail}"
        self.deal_ref = self.reference = ""

    def request(self) -> str:
        """Stage 1: a visitor fills in the public form."""
        page = self.buyer.open(f"{self.stack.base_url}/request/")
        try:
            self.buyer.submit(
                page.form("/request/"),
                name="Ada Example",
                email=self.email,
                company=self.company,
                wish="Which three customers should we speak to first, and why?",
            )
        except TooMany as error:
            raise Unexpected(FORM_IS_SHUT) from error
        return "the public form was sent"

    def review(self) -> str:
        """Stage 2: an operator reads the lead and accepts it."""
        self._log_in()
        leads = self.operator.open(f"{self.stack.base_url}/console/leads/")
        deal = self._deal_in(leads)
        page = self.operator.open(deal)
        self.operator.submit(page.form("/accept/"))
        return f"{self.deal_ref} accepted"

    def prepare(self) -> str:
        """Stage 3: the operator prepares a checkout for the deal."""
        page = self.operator.open(f"{self.stack.base_url}/console/deals/{self.deal_ref}/")
        made = self.operator.submit(page.form("/checkout/"))
        self.payment_page = self._payment_address(made)
        return "a checkout was prepared"

    def pay(self) -> str:
        """Stage 4: the buyer pays on the hosted page and comes back."""
        if self.stack.mode != "sandbox":
            return self._wait_for_a_person()
        page = self.buyer.open(self.payment_page)
        back = self.buyer.submit(page.form("/c/pay/"), email=self.email, **TEST_CARD)
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while not (found := ORDER.search(back.address)):
            if time.monotonic() > deadline:
                raise Unexpected(f"{back.address} still says: {back.heading}")
            time.sleep(0.3)
            back = self.buyer.open(back.address)
        self.reference = found[1]
        return f"{self.reference} is paid; the buyer reads: {back.heading}"

    def settle(self) -> str:
        """Wait until the webhook's event and the run that it starts are recorded."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while self._unfinished():
            if time.monotonic() > deadline:
                return "some records are still missing"
            time.sleep(0.5)
        return "every record of stages 1 to 4 is there"

    def trace(self) -> dict[str, Any]:
        """Return the trace, as ``manage.py trace --json`` tells it."""
        result = self.stack.manage("trace", self.reference or self.deal_ref, "--json")
        if not result.stdout.strip():
            raise Unexpected(f"manage.py trace said: {result.stderr.strip()[-300:]}")
        traced: dict[str, Any] = json.loads(result.stdout)
        return traced

    def trace_in_words(self) -> str:
        """Return the trace as ``manage.py trace`` prints it."""
        return self.stack.manage("trace", self.reference or self.deal_ref).stdout

    def _unfinished(self) -> list[str]:
        result = self.trace()
        return [stage["title"] for stage in result["stages"] if stage["standing"] == "missing"]

    def missing(self) -> list[str]:
        """Return the titles of the stages that this version has and this sale lacks."""
        return self._unfinished()

    def _log_in(self) -> None:
        """Come in as the owner. Their password may be any by now, and second factors be set."""
        result = self.stack.manage("lend_session", self.stack.owner_email, "--to", "bin/sale")
        name, _, key = result.stdout.strip().rpartition("\n")[2].partition("=")
        if result.returncode or not key:
            said = result.stderr.strip().rpartition("\n")[2].removeprefix("CommandError: ")
            raise Unexpected(f"nobody can accept the lead: {said}")
        self.operator.keep_cookie(name, key)

    def _deal_in(self, leads: Page) -> str:
        """Find the newest lead of this sale's company."""
        for link in leads.links:
            if DEAL.search(link) and self.company in self.operator.open(link).html:
                self.deal_ref = DEAL.search(link)[1]  # type: ignore[index]  # searched above
                return link
        raise Unexpected(f"{leads.address} shows no lead of {self.company}")

    def _payment_address(self, page: Page) -> str:
        """Read the address that the operator is told to send to the buyer."""
        found = re.search(r'id="address" value="([^"]+)"', page.html)
        if found is None:
            raise Unexpected(f"{page.address} ({page.heading}) shows no address to send")
        return unescape(found[1])

    def _wait_for_a_person(self) -> str:
        self.say(f"\n  Pay here with a test card, then come back: {self.payment_page}\n")
        deadline = time.monotonic() + PERSON_PAYS_WITHIN_S
        while time.monotonic() < deadline:
            page = self.operator.open(f"{self.stack.base_url}/console/deals/{self.deal_ref}/")
            if found := re.search(r"ord_[0-9a-z]{26}", page.html):
                self.reference = found[0]
                return f"{self.reference} is paid"
            time.sleep(3)
        raise Unexpected("nobody paid within 15 minutes")

    def close(self) -> None:
        """Close both browsers."""
        self.buyer.__exit__(None, None, None)
        self.operator.__exit__(None, None, None)

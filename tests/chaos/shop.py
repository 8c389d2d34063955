"""A shop under fire: real processes, buyers by plain HTTP, and threads that break things."""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import psycopg
import redis
from celery import Celery
from psycopg.rows import dict_row

from trinity.flow import TASK_ROUTES
from trinity.sale.browser import Browser, Form, Page, Unexpected
from trinity.sale.steps import TEST_CARD
from trinity.schedule import SWEEPS_EVERY_S
from trinity.stack import Stack
from trinity.stack.home import ROOT

Row = dict[str, Any]
T = TypeVar("T")
logging.getLogger("httpx").setLevel(logging.WARNING)  # hundreds of requests say nothing
SESSION: Final = re.compile(r"/c/pay/(cs_[A-Za-z0-9_]+)")
ORDER: Final = re.compile(r"/order/(ord_[0-9a-z]{26})/")
RECONCILE: Final = "revenue.reconcile"
PATIENCE_S: Final = 60.0
PAGES_MAX: Final = 20
# What a buyer sees of a shop whose processes die: a cut line, or a plain page that says so.
TROUBLE: Final = (httpx.HTTPError, Unexpected)


class Buyer(Browser):
    """A person at an address of their own, who reloads a page that did not come."""

    _numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.number = next(self._numbers)
        self.email = f"buyer.{self.number}@example.com"
        octets = divmod(self.number, 250)
        self._client.headers["X-Forwarded-For"] = f"10.20.{octets[0]}.{octets[1] + 1}"


def patiently(work: Callable[[], T | None], *, what: str, within_s: float = PATIENCE_S) -> T:
    """Do ``work`` until it gives something; trouble on the way is what the test is about."""
    deadline, trouble = time.monotonic() + within_s, ""
    while time.monotonic() < deadline:
        try:
            if (done := work()) is not None:
                return done
        except TROUBLE as error:
            trouble = str(error)
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {within_s:.0f} s. {trouble}")


@dataclass(eq=False)
class Shop:
    """One private stack, its outside world, and a chance that can be replayed."""

    stack: Stack
    seed: int
    chance: random.Random = field(init=False)
    moved: set[str] = field(default_factory=set)  # calls whose deadline a test changed past us

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    # --- buyers ------------------------------------------------------------------------------

    def buy_form(self, buyer: Buyer) -> Form:
        """Open the first offer's page; return its form."""
        offers = buyer.open(f"{self.stack.base_url}/")
        offer = next(link for link in offers.links if "/offers/" in link)
        return buyer.open(offer).form("/buy/")

    def open_checkout(self, buyer: Buyer) -> str:
        """Press Buy until Stripe's page opens; return the session."""

        def press() -> str | None:
            found = SESSION.search(buyer.submit(self.buy_form(buyer)).address)
            return found and found[1]

        return patiently(press, what=f"buyer {buyer.number} opens a checkout")

    def pay(self, session: str, *, card: str = TEST_CARD["number"], email: str = "") -> None:
        """Pay without a browser: nobody comes back to the return page."""
        self.control("pay", session=session, card=card, email=email or "x@example.com", wait_s=0)

    def come_back(self, buyer: Buyer, session: str) -> str:
        """Load the return page until it shows the order; return the order's reference."""
        back = f"{self.stack.base_url}/return/?session_id={session}"

        def look() -> str | None:
            found = ORDER.search(buyer.open(back).address)
            return found and found[1]

        return patiently(look, what=f"buyer {buyer.number} sees the order")

    # --- the outside world -------------------------------------------------------------------

    @cached_property
    def _outside(self) -> httpx.Client:
        key = self.stack.env["STRIPE_SECRET_KEY"]
        return httpx.Client(
            base_url=self.stack.sandbox_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
            trust_env=False,
        )

    def control(self, name: str, **given: Any) -> Any:
        """Tell the stand-in for Stripe to do something."""
        answer = self._outside.post(f"/_sandbox/{name}", json=given)
        assert answer.status_code == 200, (name, answer.text)
        return answer.json()

    def clear_faults(self) -> None:
        self._outside.request("DELETE", "/_sandbox/faults").raise_for_status()

    def from_stripe(self, path: str) -> Row:
        """Return one object of Stripe's."""
        answer = self._outside.get(f"/v1/{path}")
        answer.raise_for_status()
        return dict(answer.json())

    def at_stripe(self, path: str, **asked: str) -> list[Row]:
        """Return every object of a list of Stripe's."""
        found: list[Row] = []
        for _ in range(PAGES_MAX):
            after = {"starting_after": found[-1]["id"]} if found else {}
            answer = self._outside.get(f"/v1/{path}", params={**asked, "limit": 100, **after})
            answer.raise_for_status()
            found += answer.json()["data"]
            if not answer.json()["has_more"]:
                return found
        raise AssertionError(f"{path} has more than {PAGES_MAX} pages")

    def events(self, kind: str) -> list[Row]:
        """Return the newest events of a type, with how their delivery went."""
        answer = self._outside.get("/_sandbox/events", params={"type": kind})
        answer.raise_for_status()
        return list(answer.json()["data"])

    def never_notified(self) -> set[str]:
        """Return Stripe's events that it could not deliver, and gave up."""
        events = self.at_stripe("events", delivery_success="false")
        return {each["id"] for each in events}

    def undelivered(self) -> int:
        """Return how many deliveries are still to be tried."""
        return int(self.control("wait", timeout_s=0)["pending_deliveries"])

    # --- our side ----------------------------------------------------------------------------

    def connect(self, *, is_owner: bool = False) -> psycopg.Connection[Row]:
        """Connect with the shop's own rights, or as the owner of its tables."""
        address = self.stack.env["MIGRATION_DATABASE_URL" if is_owner else "DATABASE_URL"]
        return psycopg.connect(address, autocommit=True, row_factory=dict_row)

    def rows(self, query: str) -> list[Row]:
        with self.connect() as database:
            return database.execute(query.encode()).fetchall()

    @cached_property
    def _messages(self) -> Celery:
        parts = urlsplit(self.stack.env["REDIS_URL"])
        broker = f"redis+socket://{parts.path}?virtual_host={parts.query.removeprefix('db=')}"
        return Celery("clock", broker=broker, set_as_current=False)

    def refund(self, order: str, *, amount: str) -> Page:
        """Give money back as the owner does, on the console; return the page that follows."""
        with Browser() as owner:
            page = owner.open(f"{self.stack.base_url}/accounts/login/")
            page = owner.submit(
                page.form("/accounts/login/"),
                login=self.stack.owner_email,
                password=self.stack.owner_password,
            )
            page = owner.open(f"{self.stack.base_url}/console/orders/{order}/refund/")
            page = owner.submit(
                page.form("/accounts/reauthenticate/"),
                **{"proof-password": self.stack.owner_password},
            )
            form = next(form for form in page.forms if "request_ref" in form.fields)
            page = owner.submit(form, amount=amount, reason="The buyer asked for it.")
            return owner.submit(next(form for form in page.forms if "confirmed" in form.fields))

    def sweep(self) -> None:
        """Do what beat does, without its pauses: ask for every sweep now."""
        for name in SWEEPS_EVERY_S.keys() - {RECONCILE}:
            self._messages.send_task(name, **TASK_ROUTES.get(name, {}))

    def sweep_calls(self) -> None:
        """Ask for what is done and looked for on behalf of agents."""
        for name, route in TASK_ROUTES.items():
            self._messages.send_task(name, **route)

    def reconcile(self) -> None:
        """Ask a worker to compare our books with Stripe's."""
        self._messages.send_task(RECONCILE)

    @contextmanager
    def beside(self, *commands: Sequence[str]) -> Iterator[None]:
        """Run more processes beside those of the stack; they must live as long as the block."""
        with ExitStack() as ending:
            said = [ending.enter_context(TemporaryFile()) for _ in commands]
            started = [
                subprocess.Popen(argv, cwd=ROOT, env=self.stack.env, stdout=log, stderr=log)
                for argv, log in zip(commands, said, strict=True)
            ]
            for each in started:
                ending.callback(each.wait)
                ending.callback(each.kill)
            yield
            for each, log in zip(started, said, strict=True):
                log.seek(0)
                assert each.poll() is None, f"{each.args} ended: {log.read().decode()[-3000:]}"

    # --- breaking ----------------------------------------------------------------------------

    def task_processes(self) -> list[int]:
        """Return the processes that do the worker's tasks."""
        worker = self.stack.pids()["worker"]
        return children_of(worker)

    def tool_processes(self) -> list[int]:
        """Return the processes that do what agents were allowed."""
        return children_of(self.stack.pids()["worker-tools"])

    def flush_redis(self) -> None:
        """Forget every message, limit and session that Redis holds."""
        with redis.Redis.from_url(self.stack.env["REDIS_URL"]) as broker:
            broker.flushall()

    def kill_task_processes(self) -> list[int]:
        """SIGKILL whoever is doing tasks now. The worker's main process makes new ones."""
        return kill_all(self.task_processes())

    def kill_tool_processes(self) -> list[int]:
        """SIGKILL whoever is doing something for an agent now."""
        return kill_all(self.tool_processes())


def children_of(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []  # it is gone, and its children with it


def kill_all(pids: list[int]) -> list[int]:
    for pid in pids:
        kill(pid)
    return pids


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # somebody else's kill was faster

"""A real sandbox process on a free port, and a webhook endpoint that keeps what it is sent."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import stripe

from trinity.stack import Ports

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk_sandbox_0123456789abcdef"
SECRET = "whsec_sandbox_tests"
START_TIMEOUT_S = 60
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Loading certificates costs 30 ms per client.


def free_port() -> int:
    return Ports.free().web


@dataclass(frozen=True)
class Received:
    """One delivery, as it came."""

    event: dict[str, Any]
    body: str
    signature: str
    at_s: float


@dataclass
class WebhookReceiver:
    """Somebody's webhook endpoint. ``answer`` gives the status for an event."""

    port: int = field(default_factory=free_port)
    answer: Callable[[dict[str, Any]], int] = lambda _: 200
    received: list[Received] = field(default_factory=list)
    secret: str = SECRET

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                event = json.loads(body)
                signature = self.headers["Stripe-Signature"]
                receiver.received.append(Received(event, body, signature, time.time()))
                status = receiver.answer(event)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def about(self, object_id: str) -> list[dict[str, Any]]:
        """Events whose object is, or belongs to, ``object_id``, in order of arrival."""
        return [each.event for each in self.received if object_id in each.body]

    def types_about(self, object_id: str) -> list[str]:
        return [event["type"] for event in self.about(object_id)]


class RunningSandbox:
    """``python -m sandbox`` with a home of its own, and all the ways to talk to it.

    ``module``: another one that runs a sandbox, with more vendors in it.
    """

    def __init__(
        self, home: Path, *, webhook_url: str = "", module: str = "sandbox", **environment: str
    ) -> None:
        self._module = module
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.home = home
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_HOME": str(home),
            "SANDBOX_STRIPE_KEY": KEY,
            "SANDBOX_WEBHOOK_URL": webhook_url,
            "SANDBOX_WEBHOOK_SECRET": SECRET,
            "SANDBOX_DELAYED_PAYMENT_S": "0.2",
            "SANDBOX_WEBHOOK_BACKOFF_S": "0.05",
            "SANDBOX_WEBHOOK_ATTEMPTS": "4",
            "SELLER_NAME": "Northwind Acquisition",
            **environment,
        }
        self._http = httpx.Client(
            base_url=self.base,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=70,
            verify=NO_TLS,
        )

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module], cwd=ROOT, env=self._environment
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self.is_running, "the sandbox ended at once; what it said is above"
            try:
                if self._http.get("/_sandbox/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise TimeoutError("the sandbox did not start")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self._process.send_signal(how)
        return self._process.wait(timeout=30)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def client(self, *, key: str = KEY, timeout_s: float = 30, retries: int = 0) -> Any:
        """The real SDK's client, its ``v1`` part."""
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        ).v1

    def control(self, name: str, **given: Any) -> Any:
        """Test control: POST to ``/_sandbox/<name>``; the answer, which must be a good one."""
        answer = self.try_control(name, **given)
        assert answer.status_code == 200, (name, answer.text)
        return answer.json()

    def try_control(self, name: str, **given: Any) -> httpx.Response:
        return self._http.post(f"/_sandbox/{name}", json=given)

    def ask(self, name: str, **query: Any) -> Any:
        answer = self._http.get(f"/_sandbox/{name}", params=query)
        assert answer.status_code == 200, (name, answer.text)
        return answer.json()

    def clear_faults(self) -> None:
        assert self._http.request("DELETE", "/_sandbox/faults").status_code == 200

    def browser(self) -> httpx.Client:
        """What a buyer's browser does, without the key and without following redirects."""
        return httpx.Client(base_url=self.base, timeout=60, verify=NO_TLS)

    def open_session(self, *, unit_amount: int = 100, key: str | None = None, **more: Any) -> Any:
        """A session for one acquisition snapshot."""
        asked = {
            "mode": "payment",
            "success_url": "http://localhost:8000/checkout/return?cs={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:8000/offers/snapshot",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": unit_amount,
                        "product_data": {"name": "Acquisition snapshot"},
                    },
                }
            ],
            **more,
        }
        options = {"idempotency_key": key} if key else {}
        return self.client().checkout.sessions.create(asked, options)

    def pay(self, session_id: str, card: str = "4242424242424242", **more: Any) -> Any:
        return self.control("pay", session=session_id, card=card, **more)

    def paid_charge(self, card: str = "4242424242424242", *, unit_amount: int = 10_000) -> Any:
        """A session paid with ``card``; its charge."""
        session = self.open_session(unit_amount=unit_amount)
        paid = self.pay(session.id, card)["session"]
        return self.client().charges.list({"payment_intent": paid["payment_intent"]}).data[0]

    def quiet(self) -> None:
        """Wait until every webhook is delivered or given up."""
        assert self.control("wait", timeout_s=60)["is_quiet"]

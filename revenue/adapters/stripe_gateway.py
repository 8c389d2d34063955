"""Stripe through its own SDK. The sandbox is the same code with another base address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from math import ceil
from typing import Any, Self, TypeVar

import requests
import stripe
from django.conf import LazySettings

from kernel.documents import parsed
from kernel.fingerprints import fingerprint
from kernel.modes import Mode
from revenue.adapters import stripe_reading as reading
from revenue.adapters.stripe_fields import Object
from revenue.adapters.stripe_signature import fact_digest, read_notice, require_signature
from revenue.ports import (
    PRICE_INACTIVE,
    PRICE_MISSING,
    AccountFact,
    BalanceLine,
    BodyRejected,
    DisputeFact,
    EndpointFact,
    Fact,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreadable,
    LinkRecord,
    NotFound,
    Notice,
    OpenedLink,
    PaymentGateway,
    PriceGone,
    RefundFact,
    SessionFact,
    StripeEvent,
    UnreadableEvent,
)

Read = TypeVar("Read")
PAGE = 100  # Stripe's largest page
PRICE_OF_ITEM = re.compile(r"line_items\[\d+\]\[price\]")
NOT_ACTIVE = re.compile(r"\b(inactive|not active)\b")
UNANSWERED = (stripe.APIConnectionError, requests.RequestException)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into ours, and drop bodies and messages: they may hold anything."""
    try:
        yield
    except UNANSWERED as error:
        raise GatewayUnknown("no_answer", is_replayable=True) from error
    except stripe.RateLimitError as error:
        raise GatewayUnknown("rate_limit", is_replayable=True) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        code = error.code or type(error).__name__
        if gone := _ails_price(error):
            raise PriceGone(gone) from error
        if status == 404 or code == "resource_missing":
            raise NotFound(code) from error
        if status == 409:
            raise GatewayUnknown(code, is_replayable=True) from error
        if status == 0 or status >= 500:
            raise GatewayUnknown(f"http_{status}", is_replayable=False) from error
        raise GatewayRefused(code, is_proof=_is_weighed(error)) from error


def _read(reader: Callable[[Object], Read], data: Object) -> Read:
    """Read an answer. Raises GatewayUnreadable, naming the field."""
    try:
        return reading.understood(reader, data)
    except UnreadableEvent as error:
        raise GatewayUnreadable(str(error)) from error


def _ails_price(error: stripe.StripeError) -> str:
    """Say what is wrong with the price that was asked for; "" where it is something else.

    Of an archived one Stripe only says so in words: that it, or its product, is not active.
    """
    if not PRICE_OF_ITEM.fullmatch(getattr(error, "param", None) or ""):
        return ""
    if error.code == "resource_missing":
        return PRICE_MISSING
    return PRICE_INACTIVE if NOT_ACTIVE.search(error.user_message or "") else ""


def _is_weighed(error: stripe.StripeError) -> bool:
    """Say whether Stripe looked at what was asked, and so at what our idempotency key stands for.

    https://docs.stripe.com/api/idempotent_requests
    """
    turned_away = (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError)
    return error.http_status not in (401, 403) and not isinstance(error, turned_away)


class StripeGateway:
    """``revenue.ports.PaymentGateway`` on stripe-python."""

    def __init__(
        self,
        *,
        api_key: str,
        api_base: str,
        webhook_secrets: Sequence[str],
        timeout_s: float,
        retries: int,
        is_live: bool = False,
    ) -> None:
        if not webhook_secrets or not all(secret.strip() for secret in webhook_secrets):
            raise ValueError("an empty webhook secret would accept forged events")
        self._secrets = tuple(webhook_secrets)
        self._is_live = is_live
        self._api_key, self._api_base = api_key, api_base
        self._v1 = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        ).v1

    @classmethod
    def from_settings(cls, settings: LazySettings, *, timeout_s: float, retries: int) -> Self:
        """Make the gateway that the settings name, with the caller's patience."""
        return cls(
            api_key=settings.STRIPE_SECRET_KEY,
            api_base=settings.STRIPE_API_BASE,
            webhook_secrets=settings.STRIPE_WEBHOOK_SECRETS,
            timeout_s=timeout_s,
            retries=retries,
            is_live=settings.DEPLOYMENT_MODE == Mode.LIVE,
        )

    def _own(self, answer: stripe.StripeObject) -> dict[str, Any]:
        """Return an answer as JSON. Raises GatewayUnknown for one of another world than ours.

        Only Stripe itself may say that something is live, and then all of it is. Something may
        have been made there, so nothing is known of it.
        """
        found: dict[str, Any] = answer.to_dict()
        if self._is_of_another_world(found):
            raise GatewayUnknown("livemode_differs", is_replayable=True)
        return found

    def _is_of_another_world(self, found: Mapping[str, Any]) -> bool:
        """Say whether an object is live where we are not, or not where we are; not all say it."""
        return found.get("livemode", self._is_live) is not self._is_live

    # --- the door ------------------------------------------------------------------------------

    def verify(self, *, body: bytes, signature: str, now: datetime) -> Notice:
        require_signature(body=body, header=signature, secrets=self._secrets, now=now)
        return read_notice(body)

    def read_notice(self, body: bytes) -> Notice:
        return read_notice(body)

    def fact_digest(self, body: bytes) -> str:
        return fact_digest(body)

    def read_event(self, body: bytes) -> Fact | None:
        try:
            event = parsed(body)
        except ValueError as error:
            raise UnreadableEvent("the body is not JSON, or nested too deep") from error
        found = event["data"]["object"]
        if self._is_of_another_world(found):
            raise UnreadableEvent(
                f"{event['type']}: livemode of its object is not this deployment's"
            )
        return reading.read(type_=event["type"], data=found)

    # --- making things -------------------------------------------------------------------------

    def make_product(self, *, key: str, parameters: Mapping[str, Any]) -> str:
        with _translated():
            made = self._v1.products.create(dict(parameters), {"idempotency_key": key})  # type: ignore[arg-type]  # its own dict types
        return str(self._own(made)["id"])

    def make_price(self, *, key: str, parameters: Mapping[str, Any]) -> str:
        with _translated():
            made = self._v1.prices.create(dict(parameters), {"idempotency_key": key})  # type: ignore[arg-type]  # its own dict types
        return str(self._own(made)["id"])

    def find_price(self, *, lookup_key: str) -> str | None:
        with _translated():
            page = self._v1.prices.list({"lookup_keys": [lookup_key], "active": True, "limit": 1})
        return str(self._own(page.data[0])["id"]) if page.data else None

    def what_ails_price(self, price_id: str) -> str:
        try:
            with _translated():
                found = self._v1.prices.retrieve(price_id, {"expand": ["product"]})
        except NotFound:
            return PRICE_MISSING
        price = self._own(found)
        product = price.get("product")
        is_sold = price.get("active") and isinstance(product, Mapping) and product.get("active")
        return "" if is_sold else PRICE_INACTIVE

    def activate_product(self, product_id: str, *, key: str) -> None:
        with _translated():
            self._own(
                self._v1.products.update(product_id, {"active": True}, {"idempotency_key": key})
            )

    def open_checkout(self, *, key: str, parameters: Mapping[str, Any]) -> SessionFact:
        with _translated():
            made = self._v1.checkout.sessions.create(
                dict(parameters),  # type: ignore[arg-type]  # stored JSON, checked by the contract
                {"idempotency_key": key},
            )
        return _read(reading.session, self._own(made))

    def make_payment_link(self, *, key: str, parameters: Mapping[str, Any]) -> OpenedLink:
        with _translated():
            made = self._v1.payment_links.create(dict(parameters), {"idempotency_key": key})  # type: ignore[arg-type]  # its own dict types
        return _read(reading.payment_link, self._own(made))

    def refund(self, *, key: str, parameters: Mapping[str, Any]) -> RefundFact:
        with _translated():
            made = self._v1.refunds.create(dict(parameters), {"idempotency_key": key})  # type: ignore[arg-type]  # its own dict types
        return _read(reading.refund, self._own(made))

    def expire_session(self, session_id: str, *, key: str) -> SessionFact:
        with _translated():
            closed = self._v1.checkout.sessions.expire(session_id, {}, {"idempotency_key": key})
        return _read(reading.session, self._own(closed))

    def deactivate_payment_link(self, link_id: str, *, key: str) -> OpenedLink:
        with _translated():
            changed = self._v1.payment_links.update(
                link_id, {"active": False}, {"idempotency_key": key}
            )
        return _read(reading.payment_link, self._own(changed))

    # --- reading -------------------------------------------------------------------------------

    def read_session(self, session_id: str) -> SessionFact:
        with _translated():
            found = self._v1.checkout.sessions.retrieve(
                session_id, {"expand": ["payment_intent.latest_charge"]}
            )
        return _read(reading.session, self._own(found))

    def sessions_between(self, *, since: datetime, until: datetime) -> Iterator[SessionFact]:
        problem: GatewayUnreadable | None = None
        window = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        with _translated():
            pages = self._v1.checkout.sessions.list({"created": window, "limit": PAGE})  # type: ignore[arg-type]  # the SDK types the window as a TypedDict
            for found in pages.auto_paging_iter():
                try:
                    fact = _read(reading.session, self._own(found))
                except GatewayUnreadable as error:
                    problem = error
                else:
                    yield fact
        if problem is not None:  # at the end: whoever looks for another session finds it
            raise problem

    def sessions_of_payment(self, payment_intent_id: str) -> Sequence[SessionFact]:
        with _translated():
            page = self._v1.checkout.sessions.list(
                {
                    "payment_intent": payment_intent_id,
                    "expand": ["data.payment_intent.latest_charge"],
                }
            )
            return [_read(reading.session, self._own(found)) for found in page.data]

    def payment_links(self, *, limit: int) -> Sequence[tuple[OpenedLink, str]]:
        with _translated():
            pages = self._v1.payment_links.list({"limit": min(limit, PAGE)}).auto_paging_iter()
            found = [self._own(link) for link in islice(pages, limit)]
        return [
            (_read(reading.payment_link, link), (link.get("metadata") or {}).get("link_ref", ""))
            for link in found
        ]

    def find_payment_link(self, link_ref: str) -> OpenedLink | None:
        with _translated():
            for link in self._v1.payment_links.list({"limit": PAGE}).auto_paging_iter():
                metadata = link.to_dict().get("metadata") or {}
                if metadata.get("link_ref") == link_ref:
                    return _read(reading.payment_link, self._own(link))
        return None

    def read_payment_link(self, link_id: str) -> LinkRecord:
        with _translated():
            link = self._v1.payment_links.retrieve(link_id).to_dict()
            items = self._v1.payment_links.line_items.list(link_id, {"limit": PAGE})
            link["items"] = [item.to_dict() for item in items.auto_paging_iter()]
        return _read(reading.link_record, link)

    def read_refund(self, refund_id: str) -> RefundFact:
        """Read one refund."""
        with _translated():
            return _read(reading.refund, self._own(self._v1.refunds.retrieve(refund_id)))

    def refunds_of_payment(self, payment_intent_id: str) -> Sequence[RefundFact]:
        with _translated():
            page = self._v1.refunds.list({"payment_intent": payment_intent_id, "limit": PAGE})
            return [_read(reading.refund, self._own(found)) for found in page.auto_paging_iter()]

    def refunds_of_charge(self, charge_id: str) -> Sequence[RefundFact]:
        with _translated():
            page = self._v1.refunds.list({"charge": charge_id, "limit": PAGE})
            return [_read(reading.refund, self._own(found)) for found in page.auto_paging_iter()]

    def dispute(self, dispute_id: str) -> DisputeFact:
        with _translated():
            return _read(reading.dispute, self._own(self._v1.disputes.retrieve(dispute_id)))

    def undelivered_events(self, *, since: datetime) -> Iterator[StripeEvent]:
        asked = {
            "delivery_success": False,
            "created": {"gte": int(since.timestamp())},
            "limit": PAGE,
        }
        with _translated():
            for event in self._v1.events.list(asked).auto_paging_iter():  # type: ignore[arg-type]  # its own dict types
                body = json.dumps(event.to_dict(for_json=True)).encode()
                try:
                    notice = read_notice(body)
                except BodyRejected as error:
                    raise GatewayUnreadable(str(error)) from error
                yield StripeEvent(notice=notice, body=body)

    def event_types(self) -> frozenset[str]:
        return frozenset(reading.READERS) - reading.OLD_NAMES

    def reread(self, *, event_type: str, object_id: str) -> Fact | None:
        reader = reading.READERS.get(event_type)
        if reader is None:
            return None
        retrieve: dict[object, Callable[[str], stripe.StripeObject]] = {
            reading.session: self._v1.checkout.sessions.retrieve,
            reading.failed_session: self._v1.checkout.sessions.retrieve,
            reading.refund: self._v1.refunds.retrieve,
            reading.refunded_charge: self._v1.charges.retrieve,
            reading.dispute: self._v1.disputes.retrieve,
            reading.failed_payment: self._v1.payment_intents.retrieve,
        }
        with _translated():
            found = self._own(retrieve[reader](object_id))
        return reading.read(type_=event_type, data=found)

    def balance_lines(self, *, since: datetime, until: datetime) -> Iterator[BalanceLine]:
        asked = {
            # Stripe counts in whole seconds; the second that has begun is part of the window.
            "created": {"gte": int(since.timestamp()), "lt": ceil(until.timestamp())},
            "limit": PAGE,
            "expand": ["data.source"],
        }
        with _translated():
            for line in self._v1.balance_transactions.list(asked).auto_paging_iter():  # type: ignore[arg-type]  # its own dict types
                yield _read(reading.balance_line, self._own(line))

    def balance_lines_of(self, object_id: str) -> Sequence[BalanceLine]:
        carried = ("balance_transaction.source", "failure_balance_transaction.source")
        with _translated():
            if not object_id.startswith("pi_"):
                found = self._v1.refunds.retrieve(object_id, {"expand": list(carried)})
                return _read(reading.lines_of, self._own(found))
            of_charge = [f"latest_charge.{each}" for each in carried]
            payment = self._v1.payment_intents.retrieve(object_id, {"expand": of_charge})
        return _read(reading.lines_of, self._own(payment).get("latest_charge") or {})

    def account(self) -> AccountFact:
        with _translated():
            whose = self._v1.accounts.retrieve_current().to_dict()
            livemode = self._v1.balance.retrieve().livemode
        return reading.account(whose, livemode=livemode)

    def base_address(self) -> str:
        return self._api_base

    def key_digest(self, salt: str) -> str:
        return fingerprint(self._api_key, salt=salt)

    def endpoints(self) -> Sequence[EndpointFact]:
        with _translated():
            page = self._v1.webhook_endpoints.list({"limit": PAGE})
            return [reading.endpoint(found.to_dict()) for found in page.auto_paging_iter()]


_IS_A_PORT: type[PaymentGateway] = StripeGateway  # held here by mypy

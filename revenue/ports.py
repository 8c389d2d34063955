"""Where money is taken, in our words. Stripe's JSON dies at this border."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from kernel.failures import Permanent
from kernel.money import Money
from kernel.retries import CallFailed, Refused, Unknown

SIGNATURE_AGE_S_MAX = 300  # https://docs.stripe.com/webhooks#replay-attacks
# Stripe's words, in full. Of what is not among them nothing follows: a person looks at it.
# https://docs.stripe.com/api/checkout/sessions/object, /api/refunds/object, /api/disputes/object
SESSION_STATUSES = frozenset({"open", "complete", "expired"})
SETTLED = frozenset({"paid", "no_payment_required"})  # the money is there, or none is asked
PAYMENT_STATUSES = SETTLED | {"unpaid"}
REFUND_STATUSES = frozenset({"pending", "requires_action", "succeeded", "failed", "canceled"})
UNREADABLE_CHARS_MAX = 100
BUYER_EMAIL_CHARS_MAX, BUYER_NAME_CHARS_MAX = 320, 300  # more is typed by nobody in earnest


class SignatureRejected(Exception):
    """The delivery was not signed by Stripe, or not lately. Answer 400, store nothing."""


class Unsigned(SignatureRejected):
    """There is no signature, or what stands in its place is none."""


class Stale(SignatureRejected):
    """Stripe signed it, and not within SIGNATURE_AGE_S_MAX of now."""


class BodyRejected(Exception):
    """Signed, but not a JSON object that is an event. Answer 400, store nothing."""


class GatewayError(CallFailed):
    """Something about a call to Stripe. ``code`` is Stripe's own word."""


class GatewayRefused(GatewayError, Refused):
    """Stripe answered: no. Nothing happened there because of this call.

    It is no proof of an earlier one when Stripe turned our API key away, or when the idempotency
    key was used for something else.
    """


class GatewayUnknown(GatewayError, Unknown):
    """Time-out, broken connection or 5xx. It may have happened: look before you repeat.

    ``is_replayable`` says that nobody answered, so that repeating the same POST with the same key
    within 24 h is safe; after a 5xx the stored answer would only be replayed.
    """

    def __init__(self, code: str, *, is_replayable: bool) -> None:
        super().__init__(code)
        self.is_replayable = is_replayable


class GatewayUnreadable(GatewayUnknown):
    """Stripe answered with something that we cannot read. ``code`` names the field and the reason.

    Whether it happened is as unknown as with no answer; but asking again will not help.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code[:UNREADABLE_CHARS_MAX], is_replayable=True)


class NotFound(GatewayRefused):
    """Stripe does not know the id."""


class PriceGone(GatewayRefused):
    """Stripe sells nothing at the price that was named; ``code`` is one of PRICE_GONE."""


PRICE_INACTIVE, PRICE_MISSING = "price_inactive", "price_missing"
PRICE_GONE = frozenset({PRICE_INACTIVE, PRICE_MISSING})


class UnreadableEvent(Permanent):
    """An event of a known type whose object we cannot read. A person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One verified event as the door needs it: identity, not meaning."""

    stripe_id: str
    type: str
    object_id: str
    api_version: str
    account: str
    livemode: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFact:
    """What Stripe says of one Checkout Session, at the time it was read."""

    session_id: str
    status: str  # open | complete | expired
    payment_status: str  # paid | unpaid | no_payment_required
    livemode: bool
    amount: Money | None
    tax_minor: int
    checkout_ref: str
    trace_ref: str
    payment_intent_id: str
    payment_link_id: str
    link_ref: str  # ours, of the payment link that made the session
    customer_id: str | None
    email: str
    name: str
    url: str
    created_at: datetime
    expires_at: datetime | None
    card_fingerprint: str = ""  # Stripe's, of the card that paid; where the payment came with it
    has_failed: bool = False  # a session does not say it: async_payment_failed does, or its payment

    @property
    def is_settled(self) -> bool:
        """Whether the money is there (free is paid)."""
        return self.payment_status in SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact:
    """What Stripe says of one refund."""

    refund_id: str
    status: str  # pending | requires_action | succeeded | failed | canceled
    amount: Money
    payment_intent_id: str
    charge_id: str
    request_ref: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRefundedHint:
    """``charge.refunded``: cumulative, so never booked; a reason to list the charge's refunds."""

    charge_id: str
    payment_intent_id: str
    refunded: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMovement:
    """One balance transaction of a dispute: funds leave (negative) or return (positive)."""

    transaction_id: str
    amount: Money
    fee: Money
    occurred_at: datetime
    exchange_rate: Decimal | None = None  # from the dispute's currency; None: not converted


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFact:
    """What Stripe says of one dispute."""

    dispute_id: str
    status: str
    reason: str
    amount: Money
    payment_intent_id: str
    charge_id: str
    evidence_due_at: datetime | None
    opened_at: datetime
    movements: tuple[DisputeMovement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailedFact:
    """``payment_intent.payment_failed``: a try that did not work; the session stays open.

    ``try_id`` names the try itself (its charge, else the card it was made with). Empty without a
    ``code``: the payment no longer says that it failed.
    """

    payment_intent_id: str
    checkout_ref: str
    link_ref: str
    try_id: str
    code: str


Fact = SessionFact | RefundFact | ChargeRefundedHint | DisputeFact | PaymentFailedFact


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A payment link as Stripe made it."""

    link_id: str
    url: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """Stripe's own record of a payment link: what it asks for, and which call of ours it names."""

    link_id: str
    price: Money
    livemode: bool
    call_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """One balance transaction: what moved the seller's balance, in the balance's own currency.

    ``category`` is Stripe's reporting category. ``presented`` is the same movement in the currency
    the buyer paid in, where Stripe converted it; otherwise it equals ``amount``.
    """

    transaction_id: str
    type: str
    category: str
    source_id: str
    payment_intent_id: str
    charge_id: str
    amount: Money
    presented: Money
    fee: Money
    occurred_at: datetime
    card_fingerprint: str = ""  # Stripe's, of the card that was charged


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFact:
    """Whose account our key opens, and what Stripe lets it do."""

    account_id: str
    livemode: bool
    may_take_payments: bool
    may_be_paid_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFact:
    """One webhook endpoint as Stripe has it. ``api_version`` is empty for the account's own."""

    endpoint_id: str
    url: str
    is_enabled: bool
    api_version: str
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvent:
    """An event read back from Stripe: its identity and its raw bytes as we would file them."""

    notice: Notice
    body: bytes


class PaymentGateway(Protocol):
    """Where money is taken.

    Implemented by ``revenue.adapters.stripe_gateway`` against Stripe and against the sandbox;
    ``tests/contracts/test_payment_gateway.py`` holds it to these promises. Calls raise
    GatewayRefused, NotFound, GatewayUnknown or GatewayUnreadable, and nothing else.
    """

    def verify(self, *, body: bytes, signature: str, now: datetime) -> Notice:
        """Raise SignatureRejected unless ``body`` was signed lately; BodyRejected if no event."""

    def read_notice(self, body: bytes) -> Notice:
        """Read the identity of a body that was verified before."""

    def fact_digest(self, body: bytes) -> str:
        """Return a digest of what makes an event the same event, through any endpoint."""

    def read_event(self, body: bytes) -> Fact | None:
        """Translate a filed event; None for a type we do nothing about. No network.

        Raises UnreadableEvent.
        """

    def make_product(self, *, key: str, parameters: Mapping[str, Any]) -> str:
        """Make a Product; return its id."""

    def make_price(self, *, key: str, parameters: Mapping[str, Any]) -> str:
        """Make a Price; return its id."""

    def find_price(self, *, lookup_key: str) -> str | None:
        """Return the id of the active price that carries ``lookup_key``, if there is one."""

    def what_ails_price(self, price_id: str) -> str:
        """Return "" for a price that Stripe sells at, else one of PRICE_GONE."""

    def activate_product(self, product_id: str, *, key: str) -> None:
        """Let a product be sold again that was archived."""

    def open_checkout(self, *, key: str, parameters: Mapping[str, Any]) -> SessionFact:
        """Make a Checkout Session. The same key and parameters give the same session."""

    def read_session(self, session_id: str) -> SessionFact:
        """Read one session, and from its payment whether a bank refused it and which card paid."""

    def sessions_between(self, *, since: datetime, until: datetime) -> Iterator[SessionFact]:
        """List sessions created in the window, newest first.

        Raises GatewayUnreadable once all others were listed, where one of them cannot be read.
        """

    def sessions_of_payment(self, payment_intent_id: str) -> Sequence[SessionFact]:
        """List the sessions that a payment intent belongs to: none or one."""

    def expire_session(self, session_id: str, *, key: str) -> SessionFact:
        """Expire an open session, so that nobody can pay it any more."""

    def make_payment_link(self, *, key: str, parameters: Mapping[str, Any]) -> OpenedLink:
        """Make a payment link."""

    def payment_links(self, *, limit: int) -> Sequence[tuple[OpenedLink, str]]:
        """List the ``limit`` newest links, each with our reference from its metadata."""

    def find_payment_link(self, link_ref: str) -> OpenedLink | None:
        """Return the link that names ``link_ref``; None only after the last page was read."""

    def read_payment_link(self, link_id: str) -> LinkRecord:
        """Read Stripe's own record of a link, whichever world it says that it is of."""

    def deactivate_payment_link(self, link_id: str, *, key: str) -> OpenedLink:
        """Switch a link off."""

    def refund(self, *, key: str, parameters: Mapping[str, Any]) -> RefundFact:
        """Ask for a refund."""

    def read_refund(self, refund_id: str) -> RefundFact:
        """Read one refund."""

    def refunds_of_payment(self, payment_intent_id: str) -> Sequence[RefundFact]:
        """List every refund of a payment."""

    def refunds_of_charge(self, charge_id: str) -> Sequence[RefundFact]:
        """List every refund of a charge."""

    def dispute(self, dispute_id: str) -> DisputeFact:
        """Read one dispute."""

    def undelivered_events(self, *, since: datetime) -> Iterator[StripeEvent]:
        """List events that some endpoint has not taken yet, newest first (Stripe keeps 30 days)."""

    def event_types(self) -> frozenset[str]:
        """Return the types of event that mean something to us. No network."""

    def reread(self, *, event_type: str, object_id: str) -> Fact | None:
        """Read the object that an event of ``event_type`` speaks of as it is *now*.

        At the version we pin, whatever the event was rendered with; None for a type we do nothing
        about. Raises UnreadableEvent.
        """

    def balance_lines(self, *, since: datetime, until: datetime) -> Iterator[BalanceLine]:
        """List balance transactions created in the window, newest first."""

    def balance_lines_of(self, object_id: str) -> Sequence[BalanceLine]:
        """Read every balance transaction of one payment or refund, however old it is."""

    def account(self) -> AccountFact:
        """Say whose account our key opens."""

    def base_address(self) -> str:
        """Return where calls go. No network."""

    def key_digest(self, salt: str) -> str:
        """Return the fingerprint of our API key under ``salt``; the key itself is told to nobody.

        No network.
        """

    def endpoints(self) -> Sequence[EndpointFact]:
        """List the account's webhook endpoints."""

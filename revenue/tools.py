"""What an agent may ask of the sale, after a person's yes, and the provider of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Annotated, Final

from django.conf import settings

from crm import queries as crm
from kernel.canonical import Canonical
from kernel.money import Money
from revenue.exchanges.agent_links import find_link, make_link, prepare_price, read_link
from revenue.operations.agent_links import (
    book_link,
    close_link_of,
    deal_and_offer,
    links_in_use,
    parameters_to_approve,
    record_link_of,
)
from revenue.ports import GatewayUnknown, OpenedLink, PaymentGateway
from revenue.providers import (
    TooManyCalls,
    gateway_for_tools,
    gateway_for_web,
    one_web_call,
    stripe_account,
    stripe_connection,
)
from toolrouter.connections import Connection, Proved, Provider
from toolrouter.ports import (
    Answered,
    Arguments,
    Call,
    Effect,
    Entry,
    Made,
    Operation,
    Plan,
    Presented,
    ProviderRecord,
    Repeats,
    Risk,
    Standing,
    reference_to,
)


class Stripe(Provider):
    """Where money is taken; the stand-in on this machine goes by the same name."""

    name = "stripe"
    title = "Stripe"

    def connection(self) -> Connection | None:
        """Return where the adapter's calls go, and the fingerprint of its key."""
        return stripe_connection()

    def ask(self, *, is_waited_for: bool) -> Proved:
        """Read whose account the key opens. Raises the gateway's errors."""
        if not is_waited_for:
            return _whose(gateway_for_tools())
        try:
            with one_web_call():
                return _whose(gateway_for_web())
        except TooManyCalls as error:
            raise GatewayUnknown("too_many_calls", is_replayable=True) from error


def _whose(gateway: PaymentGateway) -> Proved:
    account = gateway.account()
    return Proved(
        account_ref=account.account_id,
        is_live=account.livemode,
        is_stand_in=gateway.base_address() != settings.STRIPE_OWN_API_BASE,
    )


STRIPE: Final = Stripe()


class OfDeal(Arguments):
    """Which deal."""

    deal: Annotated[str, reference_to("deal")]


class PaymentLinkEffect(Effect[OfDeal]):
    """A payment link at Stripe: it sells the deal's offer once, to whoever has it."""

    provider = STRIPE.name

    def plan(self, asked: OfDeal, call: Call) -> Plan:
        """Derive the link from deal, offer and price. Raises NotPossible."""
        deal, offer = deal_and_offer(asked.deal, mode=call.mode)
        return Plan(
            account=stripe_account(),
            payload=parameters_to_approve(deal, offer, call),
            payee="own account",
            amount=offer.price,
            shown={
                "deal": deal.reference,
                "buyer": deal.contact_ref,
                "offer": offer.slug,
                "offer_version": offer.version,
                "offer_title": offer.title,
            },
        )

    def present(self, envelope: Mapping[str, Canonical]) -> Presented:
        """Say what will be sold, to whom, for how much."""
        price = Money(int(str(envelope["amount_minor"])), str(envelope["currency"]))
        title, version = envelope["about_offer_title"], envelope["about_offer_version"]
        return Presented(
            sentence=f"Make a payment link at Stripe that sells {title} once, for {price}.",
            lines=[
                ("Offer", f"{title} ({envelope['about_offer']}, version {version})"),
                ("Deal", str(envelope["about_deal"])),
                ("Buyer", str(envelope["about_buyer"])),
            ],
        )

    def prepare(self, asked: OfDeal, call: Call) -> None:
        """Let Stripe have the offer's price. Raises NotPossible and the gateway's errors."""
        _deal, offer = deal_and_offer(asked.deal, mode=call.mode)
        prepare_price(offer, call)

    def book(self, asked: OfDeal, call: Call) -> None:
        """Write the link's row."""
        book_link(asked.deal, call)

    def book_found(self, asked: OfDeal, call: Call) -> None:
        """Write the row of a link that Stripe has, and the restored database had not."""
        book_link(asked.deal, call, is_at_stripe=True)

    def make(self, call_ref: str) -> Made:
        """Ask Stripe for it, once."""
        return _made(make_link(call_ref))

    def record(self, call_ref: str, made: Made, *, now: datetime) -> Answered:
        """Write down what Stripe made; an agent gets our reference, and no address to pay at."""
        opened = OpenedLink(link_id=made.provider_ref, **made.details)
        link = record_link_of(call_ref, opened, now=now)
        deal_ref = crm.deal_ref_of(link.deal_id)
        return Answered(
            result={"deal": deal_ref, "payment_link": link.reference},
            refs=[deal_ref, link.reference],
        )

    def close(self, call_ref: str, *, code: str) -> None:
        """Write down that there is none."""
        close_link_of(call_ref, code=code)

    def find(self, call_ref: str) -> Made | None:
        """Look for it among all of Stripe's."""
        found = find_link(call_ref)
        return None if found is None else _made(found)

    def still_works(self, call_refs: Sequence[str]) -> Set[str]:
        """Return those whose link somebody can still pay by."""
        return links_in_use(call_refs)

    def read(self, provider_ref: str) -> ProviderRecord:
        """Read what Stripe says that it asks for."""
        record = read_link(provider_ref)
        return ProviderRecord(
            provider_ref=record.link_id,
            amount=record.price,
            is_live=record.livemode,
            key=record.call_ref,
        )


def _made(link: OpenedLink) -> Made:
    return Made(provider_ref=link.link_id, details={"url": link.url, "is_active": link.is_active})


def _deal(asked: OfDeal) -> str:
    return asked.deal


def _standing_alone(project_ref: str, deal_ref: str) -> Standing:
    """Hold the deal against others: it moves to checkout in the same commit."""
    deal = crm.deal_standing(deal_ref, alone=True)
    if deal is None or deal.project_ref != project_ref:
        return Standing.ELSEWHERE
    return Standing.GONE if deal.is_erased else Standing.BELONGS


OPERATIONS: Final[tuple[Entry, ...]] = (
    Operation(
        name="revenue.prepare_payment_link",
        title="Make a payment link",
        risk=Risk.OUTBOUND,
        says="Make a payment link for a deal's offer. A colleague must approve it first.",
        arguments=OfDeal,
        effect=PaymentLinkEffect(),
        subject=_deal,
        standing=_standing_alone,
        repeats=Repeats.SAME_SUBJECT_ONCE,
    ),
)

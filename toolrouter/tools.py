"""A purchase by hand, the provider that is people themselves, and what is only refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, field_validator

from kernel.canonical import Canonical
from kernel.money import Money, exponent
from toolrouter.connections import Connection, Proved, Provider
from toolrouter.enums import Category, Family
from toolrouter.models.purchases import VENDOR_CHARS_MAX, WHAT_CHARS_MAX
from toolrouter.operations.purchasing import MANUAL, make_purchase
from toolrouter.payees import read_payee
from toolrouter.ports import (
    Answered,
    Arguments,
    ByHand,
    Call,
    Entry,
    Operation,
    Plan,
    Presented,
    Refusal,
    Repeats,
    Shown,
)
from toolrouter.queries.payees import notes_about
from toolrouter.queries.purchases import standing_of_call
from toolrouter.vocabulary import Risk

PURCHASE: Final = "purchase.propose"
TEAM: Final = "the team"  # whose means it is paid with
AMOUNT_MINOR_MAX: Final = 10**12
EVIDENCE_MAX: Final = 10
CategoryWord = Literal[
    "data", "software", "hosting", "research", "advertising", "services", "other"
]
if set(get_args(CategoryWord)) != set(Category.values):
    raise ValueError("an agent must know each category, and no other")


class People(Provider):
    """What people do themselves, with means of their own: there is no key, and nobody to ask."""

    name = MANUAL
    title = "Manual purchases"
    has_api = False

    def connection(self) -> Connection:
        """Return that people of the team do it."""
        return Connection(account=TEAM, address="")

    def ask(self, *, is_waited_for: bool) -> Proved:
        """Refuse: an owner attests it."""
        raise NotImplementedError(self.name, is_waited_for)


BY_HAND: Final = People()


class ToBuy(Arguments):
    """What to buy, from whom, for how much at most, and why."""

    amount_minor: Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    vendor: Annotated[str, Shown(chars_max=VENDOR_CHARS_MAX)]
    what: Annotated[str, Shown(chars_max=WHAT_CHARS_MAX)]
    why: Annotated[str, Shown(chars_max=1000, is_one_line=False)]
    category: CategoryWord
    evidence: Annotated[list[Annotated[str, Shown(chars_max=500)]], Field(max_length=EVIDENCE_MAX)]

    @field_validator("currency")
    @classmethod
    def exists(cls, currency: str) -> str:
        """Refuse three letters that are no currency."""
        exponent(currency)
        return currency

    @field_validator("vendor")
    @classmethod
    def is_domain_or_name(cls, vendor: str) -> str:
        """Refuse what only looks like a domain."""
        read_payee(vendor)
        return vendor

    @property
    def amount(self) -> Money:
        """Return what it may cost at most."""
        return Money(self.amount_minor, self.currency)


class PurchaseByHand(ByHand[ToBuy]):
    """A colleague buys it with their own means, and says here what they paid."""

    provider = MANUAL

    def plan(self, asked: ToBuy, call: Call) -> Plan:
        """Say what is bought from whom; the agent's reasons stand outside of what is approved."""
        payee = read_payee(asked.vendor)
        return Plan(
            account=TEAM,
            payload=asked.model_dump(mode="json", exclude={"why", "evidence"}),
            payee=payee.machine_name,
            amount=asked.amount,
            shown={"what": asked.what, "category": asked.category, "vendor": payee.name},
            notes=notes_about(
                payee,
                asked.amount,
                operation=PURCHASE,
                project_ref=call.project_ref,
                mode=call.mode,
                now=call.now,
                replaces=call.replaces,
            ),
            agent_words="\n".join([asked.why, *(["", *asked.evidence] if asked.evidence else [])]),
        )

    def present(self, envelope: Mapping[str, Canonical]) -> Presented:
        """Say who buys what, from whom, for how much at most."""
        amount = Money(int(str(envelope["amount_minor"])), str(envelope["currency"]))
        name = str(envelope["about_vendor"])
        what = str(envelope["about_what"])
        vendor = f"“{name}” (a name, not a domain)" if name else str(envelope["payee"])
        return Presented(
            # The agent's words come last: what they claim cannot stand before the sum.
            sentence=f"For at most {amount}, a colleague buys from {vendor}: “{what}”",
            lines=[
                ("What", what),
                *([("Vendor", vendor)] if name else []),
                ("Category", Category(str(envelope["about_category"])).label),
            ],
            words=frozenset({"", "What", "Vendor"}),
        )

    def hand_over(self, asked: ToBuy, call: Call) -> Answered:
        """Put it on the list of what is to be bought."""
        purchase = make_purchase(
            call,
            payee=read_payee(asked.vendor),
            what=asked.what,
            category=Category(asked.category),
            approved=asked.amount,
        )
        return Answered(result={"purchase": purchase.reference}, refs=[purchase.reference])

    def result_now(self, call_ref: str) -> Mapping[str, Any]:
        """Say where the purchase stands."""
        reference, state = standing_of_call(call_ref)
        return {"purchase": reference, "state": state}


def _amount(asked: ToBuy) -> Money:
    return asked.amount


def _vendor(asked: ToBuy) -> str:
    return asked.vendor


OPERATIONS: Final[tuple[Entry, ...]] = (
    Operation(
        name=PURCHASE,
        title="Make a purchase",
        risk=Risk.SPEND,
        says="Ask a colleague to buy something. An owner must approve exactly that first, then a "
        "person buys it; get_action says how far it is.",
        arguments=ToBuy,
        effect=PurchaseByHand(),
        payee=_vendor,
        family=Family.PURCHASE,
        ceiling=_amount,
        repeats=Repeats.SAME_WORDS_ONCE,
        editable=frozenset({"amount_minor", "vendor", "what", "category"}),
    ),
    Refusal(
        name="revenue.refund",
        title="Refund a payment",
        risk=Risk.FORBIDDEN,
        says="Only an owner refunds a payment, on the order's page.",
    ),
    Refusal(
        name="revenue.answer_dispute",
        title="Answer a dispute",
        risk=Risk.FORBIDDEN,
        says="Only a person answers a dispute, at Stripe.",
    ),
    Refusal(
        name="account.delete",
        title="Close an account",
        risk=Risk.FORBIDDEN,
        says="Only a person closes an account or erases somebody's data.",
    ),
    Refusal(
        name="legal.open_incident",
        title="Open a legal incident",
        risk=Risk.FORBIDDEN,
        says="Only an owner opens or closes a legal incident.",
    ),
    Refusal(
        name="credentials.change",
        title="Change credentials",
        risk=Risk.FORBIDDEN,
        says="Only an owner makes, changes or revokes keys, tokens and logins.",
    ),
    Refusal(
        name="provisioning.*",
        title="Set something up at a provider",
        risk=Risk.PROVISIONING,
        says="No provider is set up here that makes accounts, domains or servers.",
    ),
)

"""What people do about mails: ask for links, send again, take links back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kernel.modes import Mode
from ledger.models import LedgerEntry
from notices.adapters.mailer import DjangoMailer
from notices.models import OperatorAlert
from notices.outbox.sending import send_next
from revenue.enums import AlertKind, MailKind, MailState
from revenue.exchanges.mails import BUYER_MAILS
from revenue.models import BuyerMail, OrderLink, OrderLinkRequest
from revenue.usecases.request_order_link import answer_link_requests, request_order_link
from revenue.usecases.resend_mail import NotToBeSent, resend_mail
from revenue.usecases.revoke_order_links import revoke_order_links
from tests.factories.crm import ContactFactory
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory, token_of
from tests.factories.people import make_person
from tests.factories.revenue import NOON
from tests.revenue.conftest import Clock

pytestmark = pytest.mark.django_db


def ask(email: str, *, minutes: int = 0) -> list[str]:
    """Ask for the links of ``email`` and have it answered; return the orders that get a mail."""
    at = NOON + timedelta(minutes=minutes)
    before = set(BuyerMail.objects.values_list("pk", flat=True))
    request_order_link(email=email, now=at)
    answer_link_requests(mode=Mode.SANDBOX, now=at)
    made = BuyerMail.objects.exclude(pk__in=before).order_by("-order_id")
    return list(made.values_list("order__reference", flat=True))


def test_the_newest_three_orders_of_an_address_get_a_link_each() -> None:
    orders = [OrderFactory() for _ in range(4)]
    OrderFactory(buyer_email="eve@other.example")

    assert ask("ada@buyer.example") == [order.reference for order in orders[:0:-1]]
    assert set(BuyerMail.objects.values_list("kind", "state", "to_address")) == {
        (MailKind.ORDER_LINK, MailState.QUEUED, "ada@buyer.example")
    }


def test_capitals_do_not_matter_and_the_mail_goes_where_stripe_said() -> None:
    contact = ContactFactory(email="Ada@Buyer.example", email_key="ada@buyer.example")
    order = OrderFactory(buyer_email="Ada@Buyer.example", contact=contact)

    assert ask("ADA@buyer.EXAMPLE") == [order.reference]
    assert BuyerMail.objects.get().to_address == "Ada@Buyer.example"


def test_a_contact_that_somebody_renamed_does_not_lead_to_a_strangers_order() -> None:
    """The link goes only to an address that Stripe itself returned for that order."""
    contact = ContactFactory(email="eve@other.example", email_key="eve@other.example")
    OrderFactory(buyer_email="ada@buyer.example", contact=contact)

    assert ask("eve@other.example") == []


def test_an_unknown_address_leaves_nothing_behind() -> None:
    assert ask("nobody@nowhere.example") == []
    assert OrderLinkRequest.objects.count() == 0


def test_orders_of_another_mode_are_not_linked() -> None:
    OrderFactory(mode="test")

    assert ask("ada@buyer.example") == []


def test_asking_again_within_a_quarter_of_an_hour_sends_nothing_more() -> None:
    order = OrderFactory()

    assert ask("ada@buyer.example") == [order.reference]
    assert ask("ada@buyer.example", minutes=14) == []
    assert ask("ada@buyer.example", minutes=15) == [order.reference]


@pytest.mark.parametrize("state", [MailState.UNKNOWN, MailState.FAILED])
def test_a_person_sends_again_what_did_not_surely_arrive(clock: Clock, state: str) -> None:
    owner = make_person("owner")
    mail = BuyerMailFactory(state=state, next_attempt_at=None, attempts=12, error_class="Boom")
    AlertFactory(kind=AlertKind.MAIL_UNSENT, subject=mail.reference)

    resend_mail(mail_ref=mail.reference, actor_id=owner.pk, now=NOON)
    with pytest.raises(NotToBeSent):
        resend_mail(mail_ref=mail.reference, actor_id=owner.pk, now=NOON)
    send_next(BUYER_MAILS, mailer=DjangoMailer(), clock=clock)

    mail.refresh_from_db()
    entry = LedgerEntry.objects.get(kind="audit")
    assert (mail.state, mail.attempts, mail.error_class) == ("sent", 1, "")
    assert (entry.event, entry.subject) == ("mail.sent_again", mail.reference)
    assert entry.facts["actor"] == f"user:{owner.pk}"
    assert OperatorAlert.objects.get().closed_at == NOON


@pytest.mark.parametrize(
    "state", [MailState.QUEUED, MailState.SENDING, MailState.SENT, MailState.OVERTAKEN]
)
def test_nothing_else_is_sent_again(state: str) -> None:
    mail = BuyerMailFactory(state=state)

    with pytest.raises(NotToBeSent):
        resend_mail(mail_ref=mail.reference, actor_id=None, now=NOON)

    mail.refresh_from_db()
    assert mail.state == state
    assert LedgerEntry.objects.count() == 0


def test_a_mail_whose_address_was_erased_is_not_sent_again() -> None:
    mail = BuyerMailFactory(state=MailState.FAILED, to_address="")

    with pytest.raises(NotToBeSent):
        resend_mail(mail_ref=mail.reference, actor_id=None, now=NOON)


def test_all_links_to_an_order_are_taken_back_and_no_others() -> None:
    owner, order, other = make_person("owner"), OrderFactory(), OrderFactory()
    for linked in (order, order, other):
        token_of(linked)

    count = revoke_order_links(order_ref=order.reference, actor_id=owner.pk, now=NOON)
    again = revoke_order_links(order_ref=order.reference, actor_id=owner.pk, now=NOON)

    assert (count, again) == (2, 0)
    valid = OrderLink.objects.filter(revoked_at=None)
    assert [link.checkout_id for link in valid] == [other.checkout_id]
    assert set(
        OrderLink.objects.exclude(revoked_at=None).values_list("revoked_at", "revoked_by")
    ) == {(NOON, owner.pk)}
    assert [entry.event for entry in LedgerEntry.objects.all()] == ["order.links_revoked"] * 2

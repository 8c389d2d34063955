"""What each mail says: its mode in words, the facts of the order, and nothing about the person."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives

from kernel.modes import MODE_WORDS, Mode
from notices.adapters.mailer import DjangoMailer
from notices.outbox.sending import send_next
from revenue.enums import MailKind, MailState
from revenue.exchanges.mails import BUYER_MAILS
from revenue.models import BuyerMail, Order, OrderLink
from tests.factories.orders import BuyerMailFactory, OrderFactory
from tests.factories.revenue import CheckoutFactory, OfferFactory
from tests.revenue.conftest import Clock

pytestmark = pytest.mark.django_db
POLICY = "Within 30 days.\n# Ask <b>us</b>.\n| trick | value"
STATES = {
    MailKind.BANK_PROCESSING: "awaiting_payment",
    MailKind.PAYMENT_FAILED: "failed",
    MailKind.NOT_OURS: "not_ours",
}


def letter(kind: MailKind, *, mode: str = "sandbox") -> tuple[Order, str, str, str]:
    """Send one mail of ``kind``; return its order, subject, text and HTML."""
    offer = OfferFactory(title="Snapshot | <i>deluxe</i>", refund_policy=POLICY, slug=f"s-{kind}")
    checkout = CheckoutFactory(offer=offer, mode=mode, state="complete")
    order = OrderFactory(checkout=checkout, mode=mode, state=STATES.get(kind, "paid"))
    BuyerMailFactory(order=order, kind=kind, dedupe_key="re_1", amount_minor=40)

    assert send_next(BUYER_MAILS, mailer=DjangoMailer(), clock=Clock()) == MailState.SENT

    (message,) = django_mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    ((html, media),) = message.alternatives
    assert (message.to, message.cc, message.bcc) == (["ada@buyer.example"], [], [])
    assert media == "text/html"
    return order, message.subject, str(message.body), str(html).replace("<wbr>", "")


@pytest.mark.parametrize("kind", MailKind.values)
def test_every_mail_names_its_order_its_mode_and_its_seller(kind: str) -> None:
    order, subject, text, html = letter(MailKind(kind))

    assert subject.startswith("[sandbox: no real money] ")
    for said in (text, html):
        flat = " ".join(re.sub(r"<[^>]+>", " ", said).split())
        assert order.reference in flat
        assert MODE_WORDS[Mode.SANDBOX] in flat
        assert "hello@trinity.localhost" in flat
        assert "Trinity Growth (sandbox seller)" in flat


@pytest.mark.parametrize("kind", MailKind.values)
def test_no_mail_names_the_person_or_fetches_anything(kind: str) -> None:
    order, subject, text, html = letter(MailKind(kind))

    for said in (subject, text, html):
        assert "Lovelace" not in said
        assert order.buyer_email not in said
        assert order.payment_intent_id not in said
    assert not re.search(r"<(img|script|link|iframe|object|style|form)\b|url\(|\bsrc=", html)
    assert "<b>us</b>" not in html
    assert "<i>deluxe</i>" not in html


@pytest.mark.parametrize("kind", MailKind.values)
def test_every_mail_carries_a_link_that_opens_the_order(kind: str) -> None:
    order, _subject, text, html = letter(MailKind(kind))

    (address,) = set(re.findall(r"http://\S+/o/[\w-]+/", text))
    link = OrderLink.objects.get()
    assert f'<a href="{address}">' in html
    assert link.checkout_id == order.checkout_id
    assert link.token_sha256 not in text


@pytest.mark.parametrize("kind", MailKind.values)
def test_text_and_html_say_the_same(kind: str) -> None:
    _order, _subject, text, html = letter(MailKind(kind))

    words_of_text = re.sub(r"^[=-]+$", "", text, flags=re.MULTILINE).replace(":", "").split()
    body = html[html.index("<body>") :].replace("<br>", " ")
    body = re.sub(r'<a href="([^"]+)"><b>([^<]+)</b></a>', r"\2 \1", body)
    words_of_html = unescape(re.sub(r"<[^>]+>", " ", body)).replace(":", "").split()
    assert words_of_html == words_of_text


@pytest.mark.parametrize("kind", MailKind.values)
def test_the_contact_is_a_link_in_every_html_mail(kind: str) -> None:
    _order, _subject, _text, html = letter(MailKind(kind))

    contact = '<a href="mailto:hello@trinity.localhost">hello@trinity.localhost</a>'
    assert html.count(contact) == html.count("hello@trinity.localhost</a>") == 2


def test_the_sum_of_a_receipt_stands_out() -> None:
    _order, _subject, text, html = letter(MailKind.PAID)

    assert "<b>$1.19 USD</b>" in html
    assert html.count("<b>$") == 1
    assert "!" not in text


def test_the_receipt_says_what_was_paid_and_what_the_policy_was() -> None:
    order, subject, text, _html = letter(MailKind.PAID)

    assert subject == "[sandbox: no real money] Receipt for your order: $1.19 USD"
    assert "  Snapshot / <i>deluxe</i>: $1.00 USD\n" in text
    assert "  Tax: $0.19 USD\n" in text
    assert "  Total paid: $1.19 USD\n" in text
    assert "  Paid on: 1 Oct 2026, 12:00 UTC\n" in text
    assert "Refund policy, version 1\n" in text
    assert "Within 30 days.\nAsk <b>us</b>.\ntrick | value\n" in text
    assert f"name {order.reference}." in " ".join(text.split())


@pytest.mark.parametrize(
    ("kind", "promise"),
    [
        (MailKind.PAYMENT_FAILED, "Nothing was charged."),
        (MailKind.BANK_PROCESSING, "We have not received the money yet."),
        (MailKind.REFUND_BOOKED, "We refunded $0.40 USD."),
        (MailKind.REFUND_FAILED, "A refund of $0.40 USD did not reach your bank."),
        (MailKind.REFUND_ELSEWHERE, "We returned $0.40 USD to you."),
        (MailKind.NOT_OURS, "Your payment of $1.19 USD is not for an order of ours."),
        (MailKind.ORDER_LINK, "Here is the link to your order."),
    ],
)
def test_each_mail_says_what_happened(kind: MailKind, promise: str) -> None:
    _order, _subject, text, _html = letter(kind)

    assert promise in text.replace("\n", " ")


@pytest.mark.parametrize("kind", [kind for kind in MailKind if kind != MailKind.PAYMENT_FAILED])
def test_no_other_mail_claims_that_nothing_was_charged(kind: MailKind) -> None:
    _order, subject, text, _html = letter(kind)

    assert "othing was charged" not in subject + text


@pytest.mark.parametrize("mode", ["live", "test", "sandbox", "sample"])
def test_a_mail_is_of_the_mode_of_its_order(mode: str) -> None:
    _order, subject, text, _html = letter(MailKind.PAID, mode=mode)

    assert f"  Mode: {mode}" in text
    assert subject.startswith("Receipt") == (mode == "live")
    assert ("no real money" in subject) == (mode != "live")


def test_a_payment_without_an_offer_still_gets_a_receipt() -> None:
    checkout = CheckoutFactory(origin="foreign", offer=None, state="complete", amount_minor=None)
    BuyerMailFactory(order=OrderFactory(checkout=checkout))

    send_next(BUYER_MAILS, mailer=DjangoMailer(), clock=Clock())

    assert "  Payment: $1.00 USD\n" in str(django_mail.outbox[0].body)
    assert BuyerMail.objects.get().state == MailState.SENT

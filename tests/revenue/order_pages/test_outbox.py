"""The operators' outbox."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from kernel.modes import Mode
from notices.adapters.mailer import FILE_BACKEND, DjangoMailer
from notices.outbox.sending import send_next
from revenue.enums import MailState
from revenue.exchanges.mails import BUYER_MAILS
from revenue.queries.outbox import ROWS_PER_PAGE, masked_address
from tests.factories.orders import BuyerMailFactory, OrderFactory
from tests.factories.people import client_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"))


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ada@buyer.example", "a…@b….example"),
        ("a@b.co.uk", "a…@b….uk"),
        ("ada@localhost", "a…@l…"),
        ("", "erased"),
        ("nonsense", "…"),
    ],
)
def test_an_address_is_masked(address: str, masked: str) -> None:
    assert masked_address(address) == masked


def test_the_list_shows_mails_without_addresses(operator: Client) -> None:
    mail = BuyerMailFactory(error_class="SMTPRecipientsRefused 450")

    html = operator.get("/console/outbox/").content.decode()

    assert "a…@b….example" in html
    assert "answer 450" in html
    assert mail.order.reference in html
    assert "ada@buyer.example" not in html
    assert "Lovelace" not in html


def test_the_list_is_narrowed(operator: Client) -> None:
    BuyerMailFactory(state=MailState.SENT)
    BuyerMailFactory(state=MailState.FAILED, kind="refund_failed", order=OrderFactory(mode="test"))

    def shown(query: str) -> int:
        html = operator.get(f"/console/outbox/?{query}").content.decode()
        return html.count('<a href="/console/outbox/mail_')

    assert [shown(q) for q in ("state=sent", "kind=refund_failed", "mode=test")] == [1, 1, 1]
    assert (
        "No e-mails match these filters."
        in operator.get("/console/outbox/?mode=live").content.decode()
    )


def test_the_list_pages_by_key_and_costs_few_statements(
    operator: Client, django_assert_max_num_queries: object
) -> None:
    order = OrderFactory()
    for n in range(ROWS_PER_PAGE + 1):
        BuyerMailFactory(order=order, dedupe_key=str(n), state=MailState.SENT)

    with django_assert_max_num_queries(10):
        first = operator.get("/console/outbox/").content.decode()
    next_page = first.split('rel="next" href="')[1].split('"')[0]
    older = operator.get(f"/console/outbox/{next_page}")

    assert first.count('<a href="/console/outbox/mail_') == ROWS_PER_PAGE
    assert older.content.decode().count('<a href="/console/outbox/mail_') == 1


def test_an_operator_sends_an_unknown_mail_again(operator: Client) -> None:
    mail = BuyerMailFactory(state=MailState.UNKNOWN, next_attempt_at=None)
    page = f"/console/outbox/{mail.reference}/"

    offered = "Send it again</button>" in operator.get(page).content.decode()
    answer = operator.post(f"{page}resend/")

    mail.refresh_from_db()
    assert offered
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert mail.state == MailState.QUEUED
    assert "Send it again" not in operator.get(page).content.decode()
    assert "Nothing was done" in operator.post(f"{page}resend/", follow=True).content.decode()


@pytest.mark.parametrize("state", [MailState.SENT, MailState.QUEUED, MailState.OVERTAKEN])
def test_nothing_else_offers_to_be_sent_again(operator: Client, state: str) -> None:
    mail = BuyerMailFactory(state=state)

    for path in ("/console/outbox/", f"/console/outbox/{mail.reference}/"):
        assert "again" not in operator.get(path).content.decode().replace("sent again", "")


def test_an_auditor_sees_no_mail() -> None:
    auditor, mail = client_of(make_person("auditor")), BuyerMailFactory(state=MailState.UNKNOWN)

    paths = ["/console/outbox/", f"/console/outbox/{mail.reference}/"]
    assert [auditor.get(path).status_code for path in paths] == [403, 403]
    assert auditor.post(f"/console/outbox/{mail.reference}/resend/").status_code == 403
    mail.refresh_from_db()
    assert mail.state == MailState.UNKNOWN


@pytest.fixture
def kept(settings: LazySettings, tmp_path: Path) -> str:
    """Send one mail to a file on this machine; return its page."""
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILE_BACKEND, str(tmp_path)
    mail = BuyerMailFactory()
    send_next(BUYER_MAILS, mailer=DjangoMailer(), clock=lambda: datetime.now(UTC))
    return f"/console/outbox/{mail.reference}/"


def test_a_newcomer_reads_local_mail_and_follows_its_link(operator: Client, kept: str) -> None:
    html = operator.get(kept).content.decode()

    path = html.split('class="button" href="')[1].split('"')[0]
    buyer = Client()
    assert "This is your receipt." in html
    assert path.startswith("/o/")
    assert buyer.get(path, follow=True).status_code == 200


def test_local_mail_is_shown_with_its_subject_and_as_html(operator: Client, kept: str) -> None:
    page = operator.get(kept).content.decode()
    html = operator.get(f"{kept}html/")

    assert "<dt>Subject</dt><dd>[sandbox: no real money] Receipt for your order: $1.19 USD" in page
    assert "It was written to a file on this machine" in page
    assert "mail server took it" not in page
    assert f'href="{kept}html/"' in page
    assert "<h1>" in html.content.decode()
    assert "default-src 'none'" in html["Content-Security-Policy"]


def test_in_live_mode_no_mail_is_shown(operator: Client, kept: str, settings: LazySettings) -> None:
    settings.DEPLOYMENT_MODE = Mode.LIVE

    html = operator.get(kept).content.decode()

    assert "This is your receipt." not in html
    assert "/o/" not in html
    assert operator.get(f"{kept}html/").status_code == 404


def test_mail_that_really_leaves_is_not_shown(
    operator: Client, kept: str, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    assert "This is your receipt." not in operator.get(kept).content.decode()

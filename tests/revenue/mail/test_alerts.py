"""Operators are told once per item, at most five mails an hour, then in an hourly digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import Group, User
from django.db.models import F

from console.alert_kinds import SWEEP_LAG
from notices import kinds
from notices.exchanges.alerts import send_alerts
from notices.kinds import Kind
from notices.models import OperatorAlert, OutgoingMail
from notices.outbox.sending import LEASE, MAIL_RETRIES
from notices.ports import Letter, MailRefused, MailUnknown
from revenue.enums import AlertKind
from revenue.models import ReconcileRun
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, OfferFactory, filed
from tests.fulfillment.handing_in import handed_in
from tests.revenue.conftest import Clock

pytestmark = pytest.mark.django_db


class Mailbox:
    """A mailer that keeps letters, or ends as told."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends, self.letters = list(ends), []

    def send(self, letter: Letter) -> None:
        if self.ends and (end := self.ends.pop(0)) is not None:
            raise end
        self.letters.append(letter)

    def read_back(self, **_: Any) -> None:
        return None


@pytest.fixture(autouse=True)
def owner() -> User:
    return make_person("owner", email="owner@trinity.example")


def test_owners_and_operators_who_are_active_are_told(clock: Clock) -> None:
    make_person("operator", email="operator@trinity.example")
    make_person("auditor", email="auditor@trinity.example")
    gone = make_person("operator", email="gone@trinity.example")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    both = make_person("owner", email="both@trinity.example")
    both.groups.add(Group.objects.get(name="operator"))
    AlertFactory()
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert mailbox.letters[0].to == (
        "both@trinity.example",
        "operator@trinity.example",
        "owner@trinity.example",
    )


def test_addresses_named_in_the_settings_are_told_too_and_nobody_twice(
    settings: LazySettings, clock: Clock
) -> None:
    settings.OPERATOR_EMAILS = ["pager@trinity.example", "owner@trinity.example"]
    AlertFactory()
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert mailbox.letters[0].to == ("owner@trinity.example", "pager@trinity.example")


def test_an_item_is_told_once(clock: Clock) -> None:
    alert = AlertFactory()
    mailbox = Mailbox()

    sent = [send_alerts(mailer=mailbox, clock=clock) for _ in range(2)]

    alert.refresh_from_db()
    assert (sent, len(mailbox.letters)) == ([1, 0], 1)
    assert (alert.told_at, alert.told_as, alert.mail.next_attempt_at) == (NOON, "single", None)


def test_after_five_mails_the_rest_comes_as_one_digest(clock: Clock) -> None:
    for n in range(8):
        AlertFactory(raised_at=NOON + timedelta(seconds=n), item=f"evt_{n}")
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    *singles, digest = mailbox.letters
    assert len(singles) == 5
    assert digest.subject == "[sandbox: no real money] 3 matters need a person"
    assert [f"evt_{n}" in digest.text for n in range(8)] == [False] * 5 + [True] * 3
    assert not OperatorAlert.objects.filter(told_at=None).exists()


def test_a_digest_of_one_speaks_of_one(clock: Clock) -> None:
    AlertFactory.create_batch(6)
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert mailbox.letters[-1].subject.endswith("] 1 matter needs a person")
    assert "1 matter needs a person." in mailbox.letters[-1].text


def test_the_next_digest_waits_an_hour(clock: Clock) -> None:
    for _ in range(6):
        AlertFactory()
    mailbox = Mailbox()
    send_alerts(mailer=mailbox, clock=clock)
    clock.forward(minutes=30)
    for _ in range(2):
        AlertFactory(raised_at=clock())

    within_the_hour = send_alerts(mailer=mailbox, clock=clock)
    clock.forward(minutes=31)
    after_it = send_alerts(mailer=mailbox, clock=clock)

    assert (within_the_hour, after_it) == (0, 2)
    assert len(mailbox.letters) == 8


def test_a_digest_of_very_many_names_fifty_and_counts_the_rest(clock: Clock) -> None:
    for _ in range(5 + 60):
        AlertFactory()
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    digest = mailbox.letters[-1]
    assert digest.text.count("What: evt_") == 50
    assert "And 10 more: see the dashboard." in digest.text


def test_what_a_person_closed_before_is_not_mailed(clock: Clock) -> None:
    AlertFactory(closed_at=NOON)

    assert send_alerts(mailer=Mailbox(), clock=clock) == 0


def test_a_refused_mail_is_tried_again_and_given_up_in_the_end(clock: Clock) -> None:
    alert = AlertFactory()
    closed = MailRefused("ConnectionRefusedError", is_final=False)

    sent = send_alerts(mailer=Mailbox(closed), clock=clock)
    alert.refresh_from_db()
    after_one = (alert.told_as, alert.mail.next_attempt_at, alert.mail.error_class)
    OutgoingMail.objects.update(attempts=MAIL_RETRIES.attempts_max - 1, next_attempt_at=NOON)
    send_alerts(mailer=Mailbox(closed), clock=clock)

    alert.refresh_from_db()
    assert sent == 0
    assert after_one == ("", NOON + timedelta(seconds=30), "ConnectionRefusedError")
    assert (alert.told_at, alert.mail.next_attempt_at, alert.mail.attempts) == (
        None,
        None,
        MAIL_RETRIES.attempts_max,
    )


def test_a_mail_server_that_refuses_is_asked_once_per_run(clock: Clock) -> None:
    for _ in range(3):
        AlertFactory()
    closed = MailRefused("ConnectionRefusedError", is_final=False)
    mailbox = Mailbox(closed, None, None)

    assert send_alerts(mailer=mailbox, clock=clock) == 0
    assert send_alerts(mailer=mailbox, clock=clock) == 2


def test_a_mail_that_may_have_arrived_counts_as_told(clock: Clock) -> None:
    alert = AlertFactory()

    send_alerts(mailer=Mailbox(MailUnknown("SMTPServerDisconnected")), clock=clock)

    alert.refresh_from_db()
    assert (alert.told_at, alert.mail.error_class) == (NOON, "SMTPServerDisconnected")


def test_whoever_dies_while_telling_is_followed_by_the_next(clock: Clock) -> None:
    AlertFactory()

    class Dies(Mailbox):
        def send(self, letter: Letter) -> None:  # noqa: ARG002  # the port names it
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_alerts(mailer=Dies(), clock=clock)
    at_once = send_alerts(mailer=Mailbox(), clock=clock)
    clock.at += LEASE

    assert (at_once, send_alerts(mailer=Mailbox(), clock=clock)) == (0, 1)


@pytest.mark.parametrize("end", [None, MailRefused("busy", is_final=False)])
def test_whoever_comes_back_after_the_next_has_claimed_writes_nothing(
    clock: Clock, end: Exception | None
) -> None:
    alert = AlertFactory()

    class Overtaken(Mailbox):
        def send(self, letter: Letter) -> None:
            # Claimed for the same time to come, by a worker whose clock is behind.
            OutgoingMail.objects.update(lease_token=F("lease_token") + 1)
            super().send(letter)

    send_alerts(mailer=Overtaken(end), clock=clock)

    alert.refresh_from_db()
    assert (alert.told_at, alert.told_as, alert.mail.error_class) == (None, "single", "")
    assert alert.mail.leased_until == clock() + LEASE


def test_an_alert_that_cannot_be_written_does_not_hold_up_the_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wordless = Kind(name="wordless", words="a kind without its template", line="no/such/template")
    monkeypatch.setitem(kinds._known, "wordless", wordless)
    AlertFactory(kind="wordless", raised_at=NOON - timedelta(minutes=1))
    AlertFactory()
    mailbox = Mailbox()

    assert send_alerts(mailer=mailbox, clock=clock) == 1
    (untold,) = OperatorAlert.objects.filter(told_at=None)
    assert untold.mail is not None
    assert untold.mail.error_class == "TemplateDoesNotExist"


def test_without_anybody_to_tell_alerts_wait(clock: Clock, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    alert = AlertFactory()

    send_alerts(mailer=Mailbox(), clock=clock)

    alert.refresh_from_db()
    assert (alert.told_at, alert.mail.error_class) == (None, "NobodyToTell")


def test_a_dispute_mail_carries_the_deadline_for_evidence(clock: Clock) -> None:
    order = OrderFactory()
    AlertFactory(
        kind=AlertKind.DISPUTE_OPENED,
        item="dp_1",
        subject=order.reference,
        facts={
            "amount_minor": 119,
            "currency": "USD",
            "evidence_due_at": "2026-11-29T12:00:00+00:00",
        },
    )
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    (letter,) = mailbox.letters
    words = " ".join(letter.text.split())
    assert letter.subject.endswith("A buyer disputes a payment of $1.19 USD")
    assert "Evidence must reach Stripe by 29 Nov 2026, 12:00 UTC." in words
    assert f"/console/orders/{order.reference}/" in words


def run_that_names(object_id: str) -> ReconcileRun:
    arguments = {
        "day": "2026-10-01", "kind": "refund", "currency": "USD", "ours_minor": 0,
        "theirs_minor": -40, "object_id": object_id, "order_ref": "", "ids": [object_id],
    }  # fmt: skip
    return ReconcileRun.objects.create(
        mode="sandbox", started_at=NOON, finished_at=NOON, since=NOON, until=NOON,
        differences=[arguments],
    )  # fmt: skip


OF_ORDERS = (
    AlertKind.ORDER_REVIEW,
    AlertKind.DOUBLE_PAYMENT,
    AlertKind.DISPUTE_OPENED,
    AlertKind.REFUND_FAILED,
    AlertKind.REFUND_EXCESS,
)
OF_EVENTS = (AlertKind.EVENT_DEAD, AlertKind.EVENT_DIFFERS)


def about(kind: str) -> tuple[str, str, dict[str, Any], str]:
    """What an alert of ``kind`` is about: subject, address, facts, and what its page names."""
    if kind in OF_ORDERS:
        reference = OrderFactory().reference
        return reference, f"/console/orders/{reference}/", {}, reference
    if kind in OF_EVENTS:
        stripe_id = filed("customer.created", {"id": "cus_1"}).stripe_id
        return stripe_id, f"/console/events/{stripe_id}/", {}, stripe_id
    if kind == AlertKind.MAIL_UNSENT:
        reference = BuyerMailFactory().reference
        return reference, f"/console/outbox/{reference}/", {}, reference
    if kind == AlertKind.RECONCILE_DIFFERENCE:
        run = run_that_names("re_1Differs")
        run_that_names("re_1Another")
        return "re_1Differs", f"/console/reconcile/{run.pk}/", {"object": "re_1Differs"}, "re_1D"
    if kind in (AlertKind.CHECKOUT_REFUSED, AlertKind.LINKS_UNPAYABLE):
        offer = OfferFactory(title="A thing that nobody can buy")
        facts = {"what": "amount_too_small", "links": 2}
        return offer.reference, f"/console/offers/{offer.reference}/", facts, offer.title
    if kind == AlertKind.DELIVERY_WRONG:
        reference = handed_in().reference
        return reference, f"/console/deliverables/{reference}/", {}, "A snapshot"
    if kind == AlertKind.DELIVERIES_REFUSED:
        facts = {"reason": "secret", "words": "signed with no secret", "times": 30, "last_at": ""}
        return "secret", "/console/", facts, "are refused"
    assert kind == SWEEP_LAG
    return "revenue.buyer_mails", "/console/outbox/?state=queued", {"what": "mails"}, "Outbox"


@pytest.mark.parametrize("kind", kinds.known())
def test_every_kind_of_alert_leads_to_the_page_that_shows_its_item(
    clock: Clock, owner: User, kind: str
) -> None:
    subject, address, facts, named = about(kind)
    AlertFactory(kind=kind, subject=subject, facts=facts)
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert f"Open it:\n{settings.BASE_URL}{address}\n" in mailbox.letters[0].text
    page = client_of(owner).get(address)
    assert page.status_code == 200
    assert named in page.content.decode()


@pytest.mark.parametrize(
    ("what", "address"),
    [
        ("revenue.events", "/console/events/"),
        ("revenue.buyer_mails", "/console/outbox/?state=queued"),
        ("revenue.checkouts", "/console/"),
        ("revenue.refunds", "/console/"),
        ("ledger.unsealed", "/console/ledger/"),
        ("notices.alerts", "/console/"),
        ("work of a later version", "/console/"),
    ],
)
def test_what_lags_is_shown_by_its_list_or_by_the_dashboard(
    clock: Clock, what: str, address: str
) -> None:
    AlertFactory(kind=SWEEP_LAG, subject=what, facts={"what": what, "oldest_s": 400})
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert f"Open it:\n{settings.BASE_URL}{address}\n" in mailbox.letters[0].text


def test_a_difference_that_no_comparison_names_leads_to_all_of_them(clock: Clock) -> None:
    AlertFactory(
        kind=AlertKind.RECONCILE_DIFFERENCE, subject="txn_1", facts={"object": "txn_1None"}
    )
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert "/console/reconcile/\n" in mailbox.letters[0].text


@pytest.mark.parametrize("kind", kinds.known())
def test_every_kind_of_alert_says_what_to_do_and_where(clock: Clock, kind: str) -> None:
    order = OrderFactory()
    AlertFactory(kind=kind, item="item", subject=order.reference, facts={})
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    (letter,) = mailbox.letters
    words = " ".join(letter.text.split())
    assert "http://localhost:" in words
    assert "/console/" in words
    assert "Sandbox. No real money moves here" in words
    assert "Mode: sandbox" in words
    assert order.buyer_email not in words
    assert letter.html.count("<h1>") == 1

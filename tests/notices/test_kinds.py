"""Kinds of alerts are registered by the apps that raise them; notices knows none of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.template.loader import get_template

from kernel.modes import Mode
from notices import kinds
from notices.exchanges.alerts import send_alerts
from notices.kinds import Kind, Severity, UnknownKind
from notices.models import OperatorAlert
from notices.operations import Lasting, keep_standing, raise_alert
from notices.queries.alert_lines import alert_line
from revenue.enums import AlertKind
from tests.conftest import NOON
from tests.factories.orders import AlertFactory
from tests.factories.people import client_of, make_person
from tests.revenue.conftest import Clock
from tests.revenue.mail.test_alerts import Mailbox

OF_AN_APP_BELOW = Kind(
    name="request_waits",
    words="a request waits for an answer",
    line="revenue/mail/alerts/event_dead",
    told_to="approvals.decide_request",
)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A kind that an app below revenue registers, for people of whom nobody is there yet."""
    monkeypatch.setitem(kinds._known, OF_AN_APP_BELOW.name, OF_AN_APP_BELOW)
    return OF_AN_APP_BELOW


def test_the_sale_and_the_console_say_what_they_alert_of() -> None:
    assert set(kinds.known()) == {*AlertKind.values, "sweep_lag"}
    assert dict(kinds.choices())["sweep_lag"] == "work is waiting too long"


@pytest.mark.parametrize("kind", kinds.known().values(), ids=lambda kind: kind.name)
@pytest.mark.django_db
def test_each_kind_has_a_line_for_mails_and_people_who_hear_of_it(kind: Kind) -> None:
    app, _, codename = kind.told_to.partition(".")

    assert get_template(f"{kind.line}.txt")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


def test_a_name_means_one_kind_and_fits_its_column() -> None:
    known = kinds.known()["event_dead"]
    kinds.register(known)

    with pytest.raises(ValueError, match="alert event_dead is registered in two ways"):
        kinds.register(replace(known, words="something else"))
    with pytest.raises(ValueError, match="longer than 24"):
        kinds.register(replace(known, name="a_name_of_more_than_24_ch"))


def test_what_no_app_has_registered_is_not_raised() -> None:
    with pytest.raises(UnknownKind):
        raise_alert(kind="no_such", item="1", subject="1", mode=Mode.SANDBOX, now=NOON)


@pytest.mark.django_db
def test_an_alert_of_a_kind_that_is_gone_stands_and_is_told_by_its_name(clock: Clock) -> None:
    owner = make_person("owner")
    alert = AlertFactory(kind="of_a_later_version")
    mailbox = Mailbox()

    sent = send_alerts(mailer=mailbox, clock=clock)

    assert (sent, alert_line(alert)["title"]) == (1, "of a later version")
    assert mailbox.letters[0].subject.endswith("] of a later version")
    for address in ("/console/", "/console/alerts/", f"/console/alerts/{alert.reference}/"):
        assert "f a later version" in client_of(owner).get(address).content.decode()


@pytest.mark.django_db
def test_who_hears_of_a_kind_is_who_may_act_on_it(clock: Clock, requests: Kind) -> None:
    make_person("owner", email="owner@trinity.example")
    AlertFactory(kind=requests.name)
    AlertFactory(kind="event_dead")
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert [letter.to for letter in mailbox.letters] == [("owner@trinity.example",)]
    assert OperatorAlert.objects.get(told_at=None).kind == requests.name


@pytest.mark.django_db
def test_many_alerts_for_some_people_take_no_mail_from_others(
    clock: Clock, requests: Kind, settings: object
) -> None:
    make_person("owner", email="owner@trinity.example")
    settings.OPERATOR_EMAILS = ["pager@trinity.example"]  # type: ignore[attr-defined]  # pytest-django gives the settings no types
    AlertFactory.create_batch(7, kind=requests.name)
    AlertFactory(kind="event_dead")
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    told = [letter.to for letter in mailbox.letters]
    assert told.count(("owner@trinity.example", "pager@trinity.example")) == 1
    assert told.count(("pager@trinity.example",)) == 6  # five alone, and a digest


@pytest.mark.django_db
def test_the_gravest_are_mailed_first(clock: Clock) -> None:
    make_person("owner", email="owner@trinity.example")
    AlertFactory.create_batch(5, kind="links_unpayable", facts={"links": 1})
    AlertFactory(kind="dispute_opened", item="dp_1", subject="ord_1", raised_at=clock())
    assert kinds.known()["dispute_opened"].severity == Severity.HIGH
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert mailbox.letters[0].subject.endswith("] A buyer disputes a payment")


@pytest.mark.django_db
def test_one_alert_stands_for_each_subject_while_it_lasts() -> None:
    def stands(*subjects: str) -> list[tuple[str, bool]]:
        lasting = {name: Lasting(item=f"{name}:noon", facts={"what": name}) for name in subjects}
        keep_standing(lasting, kind="sweep_lag", mode=Mode.SANDBOX, now=NOON)
        rows = OperatorAlert.objects.order_by("subject")
        return [(alert.subject, alert.closed_at is None) for alert in rows]

    assert stands("a", "b") == [("a", True), ("b", True)]
    assert stands("b") == [("a", False), ("b", True)]
    assert stands() == [("a", False), ("b", False)]

"""Stops, incidents, postures and caps: who changed what and why, and that it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry
from notices.models import NoticePreference, OutgoingMail
from tests.factories.people import make_person
from tests.factories.toolrouter import cap_key, new_grant, new_project
from tests.notices.letters import letter_of
from tests.owner import as_owner, rewriting
from tests.toolrouter.books import differences
from toolrouter import queries
from toolrouter.enums import CapScope, IncidentKind, Posture, Scope, Setting
from toolrouter.models import Grant, Incident, SafetyChange, SafetySettings, SpendCap, Stop
from toolrouter.operations import By
from toolrouter.operations.locking import NoSuchScope
from toolrouter.queries.account import AccountSettings, account_settings
from toolrouter.usecases.change_cap import change_cap
from toolrouter.usecases.change_safety import change_account_settings, change_posture
from toolrouter.usecases.release_stop import NotStopped, release_stop
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import NotOpen, close_incident, open_incident

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "The vendor wrote twice."


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def by(owner: User) -> By:
    return By(actor_id=owner.pk, reason=WHY)


def ref_of(grant: Grant, scope: Scope) -> str:
    return {"account": "", "project": grant.project_ref, "run": grant.run_ref}[scope]


@pytest.mark.parametrize("scope", Scope)
def test_what_is_stopped_stands_until_it_is_released(scope: Scope, by: By) -> None:
    grant, now = new_grant(), timezone.now()
    ref = ref_of(grant, scope)

    first = stop(scope=scope, ref=ref, by=by, now=now)
    again = stop(scope=scope, ref=ref, by=by, now=now + timedelta(minutes=1))
    while_stopped = queries.safety_of(grant.pk).stopped
    assert differences() == []
    release_stop(stop_ref=first.reference, by=by, now=now + timedelta(hours=1))

    assert (first.is_new, again.is_new, again.reference) == (True, False, first.reference)
    assert while_stopped == (scope,)
    assert queries.safety_of(grant.pk).stopped == ()
    assert differences() == []
    with pytest.raises(NotStopped):
        release_stop(stop_ref=first.reference, by=by, now=now)


def test_a_stop_says_who_and_why_and_so_does_the_ledger(owner: User, by: By) -> None:
    grant, now = new_grant(), timezone.now()

    made = stop(scope=Scope.RUN, ref=grant.run_ref, by=by, now=now)

    row = Stop.objects.get()
    assert (row.stopped_by, row.reason, row.stopped_at) == (owner, WHY, now)
    entry = LedgerEntry.objects.get(event="agents.stopped")
    assert (entry.subject, entry.refs) == (made.reference, [grant.run_ref])
    assert entry.facts == {
        "actor": f"user:{owner.pk}", "scope": "run", "tokens": 0,
        "reason_digest": row.reason_digest,
    }  # fmt: skip
    assert WHY not in str(vars(entry))


@pytest.mark.parametrize(
    ("scope", "ref"), [(Scope.PROJECT, "prj_none"), (Scope.RUN, ""), (Scope.ACCOUNT, "prj_none")]
)
def test_what_is_not_there_cannot_be_stopped(scope: Scope, ref: str, by: By) -> None:
    with pytest.raises(NoSuchScope):
        stop(scope=scope, ref=ref, by=by, now=timezone.now())


def test_a_stop_waits_for_whoever_is_deciding(by: By) -> None:
    """The share lock of a claim and a stop exclude each other."""
    grant = new_grant()
    done = threading.Event()

    def stop_it() -> None:
        stop(scope=Scope.ACCOUNT, ref="", by=by, now=timezone.now())
        done.set()
        connection.close()

    thread = threading.Thread(target=stop_it)
    with transaction.atomic():
        decided = queries.safety_of(grant.pk, lock=True)
        thread.start()
        assert not done.wait(0.5)
        assert queries.safety_of(grant.pk).stopped == decided.stopped == ()
    thread.join(timeout=20)

    assert queries.safety_of(grant.pk).stopped == (Scope.ACCOUNT,)


def test_an_incident_holds_until_the_last_one_is_closed(by: By) -> None:
    grant, now = new_grant(), timezone.now()
    made = [
        open_incident(kind=kind, scope=Scope.PROJECT, ref=grant.project_ref, by=by, now=now)
        for kind in (IncidentKind.LEGAL, IncidentKind.MISMATCH)
    ]
    assert differences() == []

    close_incident(incident_ref=made[0], by=by, now=now)
    held = queries.safety_of(grant.pk).held
    close_incident(incident_ref=made[1], by=by, now=now)

    assert held == (Scope.PROJECT,)
    assert queries.safety_of(grant.pk).held == ()
    assert differences() == []
    with pytest.raises(NotOpen):
        close_incident(incident_ref=made[1], by=by, now=now)


@pytest.mark.parametrize("scope", Scope)
def test_a_posture_changes_with_its_reason(scope: Scope, owner: User, by: By) -> None:
    grant, now = new_grant(), timezone.now()
    named = {"scope": scope, "ref": ref_of(grant, scope), "by": by, "now": now}

    changed = [change_posture(posture=Posture.READ_ONLY, **named) for _ in range(2)]

    assert changed == [True, False]
    assert queries.safety_of(grant.pk).posture == Posture.READ_ONLY
    row = SafetyChange.objects.get()
    assert (row.setting, row.old_value, row.new_value, row.changed_by, row.reason) == (
        "posture", "normal", "read_only", owner, WHY,
    )  # fmt: skip
    assert differences() == []


def test_what_differs_of_the_accounts_settings_is_written_and_nothing_else(by: By) -> None:
    wanted = AccountSettings(
        outreach_open=True,
        spend_open=False,
        funding_share_percent=50,
        two_people_from=Money(10_000, "USD"),
        decide_outbound_h=24,
        decide_spend_h=12,
        decide_provisioning_h=24,
        cap_raiser_waits=False,
    )
    now = timezone.now()

    changed = change_account_settings(wanted=wanted, by=by, now=now)
    again = change_account_settings(wanted=wanted, by=by, now=now)

    assert (set(changed), again) == (
        {
            Setting.OUTREACH, Setting.FUNDING_SHARE, Setting.TWO_PEOPLE_FROM,
            Setting.DECIDE_SPEND_H,
        },
        [],
    )  # fmt: skip
    told = SafetyChange.objects.order_by("pk").values_list("setting", "old_value", "new_value")
    assert set(told) == {
        ("outreach", "off", "on"), ("funding_share", "none", "50"),
        ("two_people_from", "none", "10000"), ("decide_spend_h", "24", "12"),
    }  # fmt: skip
    assert differences() == []


def test_a_cap_is_made_changed_and_never_taken_away(by: By) -> None:
    key, now = cap_key(CapScope.ACCOUNT), timezone.now()

    changed = [
        change_cap(key=key, limit=Money(minor, "USD"), by=by, now=now) for minor in (500, 500, 0)
    ]

    assert changed == [True, False, True]
    assert SpendCap.objects.get().limit == Money(0, "USD")
    told = SafetyChange.objects.order_by("pk").values_list("old_value", "new_value", "currency")
    assert list(told) == [("none", "500", "USD"), ("500", "0", "USD")]
    assert differences() == []
    with pytest.raises(IntegrityError, match="keeps its rows"), as_owner_at_once():
        SpendCap.objects.all()._raw_delete("default")


@contextmanager
def as_owner_at_once() -> Iterator[None]:
    """What the application has no right to do, the triggers refuse to the owner as well."""
    with transaction.atomic(), as_owner():
        yield


def test_a_cap_of_another_currency_or_below_nothing_is_refused(by: By) -> None:
    key, now = cap_key(CapScope.PROJECT, new_project()), timezone.now()

    for limit in (Money(1, "EUR"), Money(-1, "USD")):
        with pytest.raises(ValueError, match="no limit"):
            change_cap(key=key, limit=limit, by=by, now=now)


def raised(by: By) -> None:
    SpendCap.objects.update(limit_minor=999_999)


def reopened(by: By) -> None:
    SafetySettings.objects.update(spend_open=True)


def loosened(by: By) -> None:
    SafetySettings.objects.update(posture="normal")


def let_go(by: By) -> None:
    SafetySettings.objects.update(stopped_at=None)


def unwritten(by: By) -> None:
    with rewriting(SafetyChange):
        SafetyChange.objects.filter(setting="cap")._raw_delete("default")


@pytest.mark.parametrize(
    ("tampered", "code"),
    [
        (raised, "cap_differs_from_its_changes"),
        (reopened, "setting_differs_from_its_changes"),
        (loosened, "setting_differs_from_its_changes"),
        (let_go, "stop_or_hold_differs"),
        (unwritten, "entry_without_row"),
    ],
)
def test_what_was_changed_past_us_is_a_finding(tampered: object, code: str, by: By) -> None:
    now = timezone.now()
    change_cap(key=cap_key(CapScope.ACCOUNT), limit=Money(5, "USD"), by=by, now=now)
    change_posture(scope=Scope.ACCOUNT, ref="", posture=Posture.HOLD, by=by, now=now)
    stop(scope=Scope.ACCOUNT, ref="", by=by, now=now)
    assert differences() == []

    assert callable(tampered)
    tampered(by)

    assert code in {found for found, _ in differences()}


def test_a_reason_can_be_blanked_and_nothing_else(by: By) -> None:
    made = stop(scope=Scope.ACCOUNT, ref="", by=by, now=timezone.now())
    row = Stop.objects.filter(reference=made.reference)

    row.update(reason="", reason_salt="")

    assert row.get().reason_digest
    for changes in ({"reason": "Another."}, {"scope": "run"}, {"stopped_by": None}):
        with pytest.raises(IntegrityError, match="never changes"), as_owner_at_once():
            row.update(**changes)
    assert new_reference("stp") != made.reference


def test_every_owner_is_told_in_one_mail_what_was_changed(owner: User, by: By) -> None:
    other, operator = make_person("owner"), make_person("operator")
    now = timezone.now()
    account = account_settings()

    change_account_settings(
        wanted=replace(account, spend_open=True, decide_spend_h=6), by=by, now=now
    )
    change_account_settings(
        wanted=replace(account, spend_open=True, decide_spend_h=6), by=by, now=now
    )
    change_cap(key=cap_key(CapScope.ACCOUNT), limit=Money(500, "USD"), by=by, now=now)

    mails = OutgoingMail.objects.order_by("pk")
    assert [mail.user_id for mail in mails] == [owner.pk, other.pk] * 2
    assert operator.pk not in {mail.user_id for mail in mails}
    letters = [letter_of(mail) for mail in mails]
    texts = [letter.text for letter in letters if letter]
    assert "Spend (account): off → on" in texts[0]
    assert "Hours to decide: spend (account): 24 → 6" in texts[0]
    assert "not set → $5.00 USD" in texts[2]
    assert not any(WHY in text for text in texts)


def test_who_is_no_owner_any_more_hears_nothing(owner: User, by: By) -> None:
    now = timezone.now()
    change_posture(scope=Scope.ACCOUNT, ref="", posture=Posture.HOLD, by=by, now=now)
    mail = OutgoingMail.objects.get()
    owner.groups.clear()

    assert letter_of(mail) is None


def test_owners_hear_of_a_stop_and_an_incident_but_who_stopped_does_not(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, operator, now = make_person("owner"), make_person("operator"), timezone.now()
    project = new_project()

    stop(scope=Scope.ACCOUNT, ref="", by=By(actor_id=operator.pk, reason=WHY), now=now)
    open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.PROJECT, ref=project, by=By(actor_id=owner.pk), now=now
    )

    mails = OutgoingMail.objects.filter(kind="agents.halted").order_by("user_id")
    assert [mail.user_id for mail in mails] == [owner.pk, other.pk]
    letter = letter_of(mails[1])
    assert letter is not None
    assert letter.subject == "[sandbox: no real money] Stopped: All agents, and 1 more"
    assert "Incident: Legal" in letter.text
    assert WHY not in letter.text
    monkeypatch.setattr("toolrouter.telling.LISTED_MAX", 1)
    short = letter_of(mails[1])
    assert short is not None
    assert short.subject == letter.subject
    assert "And 1 more." in short.text
    assert "Incident: Legal" not in short.text

    by = By(actor_id=owner.pk, reason=WHY)
    release_stop(stop_ref=Stop.objects.get().reference, by=by, now=now)
    close_incident(incident_ref=Incident.objects.get().reference, by=by, now=now)
    assert letter_of(mails[1]) is None


def test_where_every_owner_muted_it_all_hear_of_a_stop(owner: User) -> None:
    now = timezone.now()
    NoticePreference.objects.create(user=owner, muted=["agents.halted"], changed_at=now)

    stop(scope=Scope.ACCOUNT, ref="", by=By(actor_id=None, reason=WHY), now=now)

    assert OutgoingMail.objects.get().user_id == owner.pk

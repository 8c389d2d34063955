"""Why people stopped or changed something of a run goes with the person that the run was about."""

from __future__ import annotations

import pytest
from django.utils import timezone

from kernel.erasure import Person
from tests.factories.crm import ContactFactory
from tests.factories.toolrouter import new_grant
from toolrouter.enums import IncidentKind, Posture, Scope
from toolrouter.erasure import CONTACTS, ERASER
from toolrouter.models import Incident, SafetyChange, Stop
from toolrouter.operations import By
from toolrouter.usecases.change_safety import change_posture
from toolrouter.usecases.release_stop import release_stop
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident

pytestmark = pytest.mark.django_db(transaction=True)
BY = By(actor_id=None, reason="Ada Lovelace called and was upset.")


def person(contact_id: int) -> Person:
    return Person(
        email="ada@company.example",
        emails=frozenset({"ada@company.example"}),
        rows={CONTACTS: [contact_id]},
    )


def words() -> str:
    rows = [model.objects.values() for model in (Stop, Incident, SafetyChange)]
    return str([list(each) for each in rows])


def test_reasons_of_their_runs_are_blanked_and_those_of_others_stay() -> None:
    ada, other = ContactFactory(), ContactFactory()
    now = timezone.now()
    for contact in (ada, other):
        run_ref = new_grant(subjects=[contact.reference]).run_ref
        made = stop(scope=Scope.RUN, ref=run_ref, by=BY, now=now)
        release_stop(stop_ref=made.reference, by=BY, now=now)
        open_incident(kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=run_ref, by=BY, now=now)
        change_posture(scope=Scope.RUN, ref=run_ref, posture=Posture.HOLD, by=BY, now=now)
    assert words().count(BY.reason) == 8

    kept = next(each for each in ERASER.kept(person(ada.pk)) if "reasons of stops" in each.what)
    blanked = ERASER.blank(person(ada.pk), now)
    again = ERASER.blank(person(ada.pk), now)

    assert set(kept.refs) <= set(blanked.refs)
    assert len(kept.refs) == 3
    assert not set(kept.refs) & set(again.refs)
    assert words().count(BY.reason) == 4
    assert Stop.objects.order_by("pk")[0].reason_digest

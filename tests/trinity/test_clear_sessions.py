"""Logins that are over leave nothing behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.factories.people import log_in, make_person
from trinity.people.usecases.clear_sessions import clear_sessions
from trinity.schedule import SWEEPS_EVERY_S
from trinity.tasks import clear_sessions as task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser() -> Client:
    """Somebody who has just logged in, through the page itself."""
    client = Client()
    log_in(client, make_person("operator"))
    assert (Session.objects.count(), UserSession.objects.count()) == (1, 1)
    return client


def test_a_session_that_ran_out_goes_with_where_it_came_from(browser: Client) -> None:
    ends = Session.objects.get().expire_date

    assert clear_sessions(now=ends - timedelta(seconds=1)) == 0
    assert clear_sessions(now=ends + timedelta(days=1)) == 1
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


def test_a_login_under_way_is_left_alone(browser: Client) -> None:
    """Its address is written before its session is."""
    Session.objects.all().delete()

    clear_sessions(now=timezone.now() + timedelta(minutes=5))

    assert UserSession.objects.count() == 1


def test_it_is_swept_daily_and_open_sessions_go_on(browser: Client) -> None:
    assert SWEEPS_EVERY_S["trinity.clear_sessions"] == 86_400

    assert task() == 0
    assert browser.get("/console/").status_code == 200

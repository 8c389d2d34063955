"""Mails about an account: what they say, and what the pages say of them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client, override_settings

from tests.factories.people import make_person
from tests.trinity.test_login import link_in, sent

pytestmark = pytest.mark.django_db

FILES = {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}


def test_what_to_do_without_the_mail_is_what_can_be_done(client: Client) -> None:
    """No page of an owner makes such a link; a command does."""
    page = client.get("/accounts/password/reset/done/").content.decode()

    assert "link to choose a new password is on its way" in page
    assert "<code>manage reset_login</code>" in page
    assert "by hand" not in page


def test_where_mails_are_files_nothing_is_said_to_be_on_its_way(client: Client) -> None:
    with override_settings(**FILES):
        page = client.get("/accounts/password/reset/done/").content.decode()

    assert "a file in <code>TRINITY_HOME/mail</code>" in page
    assert "on its way" not in page


def test_every_mail_about_an_account_says_its_mode(client: Client) -> None:
    user = make_person("operator")
    client.post("/accounts/password/reset/", {"email": user.email})
    link = urlsplit(link_in(sent()[0])).path
    page = client.get(link, follow=True)
    chosen = {"password1": "another horse battery", "password2": "another horse battery"}
    client.post(page.redirect_chain[-1][0], chosen)

    asked, changed = sent()
    for message in (asked, changed):
        assert message.subject.startswith("[sandbox: no real money] ")
        assert "No real money moves here" in message.body
    assert "was set through a link" in changed.body
    with override_settings(DEPLOYMENT_MODE="live"):
        client.post("/accounts/password/reset/", {"email": user.email})
        sent()
    assert sent()[2].subject == "Choose a new password for Trinity"
    assert "real money" not in sent()[2].body

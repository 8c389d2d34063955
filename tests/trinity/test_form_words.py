"""One voice in every form: no sentence of the frameworks below reaches a page."""

from __future__ import annotations

import re

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from django import forms
from django.test import Client

from crm.forms import SnapshotRequestForm
from revenue.forms.mails import OrderLinkForm
from revenue.forms.offers import OfferForm
from tests.factories.people import PASSWORD, make_person
from trinity.form_words import NO_EMAIL
from trinity.people.forms import InvitationForm

THEIRS = re.compile(r"This field|Ensure this|Enter a|Select a valid|not allowed|email address")
DAMAGED = ["", "x" * 5000, "a\x00b", "Ä ö", "-1", "99999", "2026-99-99"]


@pytest.mark.django_db
@pytest.mark.parametrize("form", [SnapshotRequestForm, OrderLinkForm, OfferForm, InvitationForm])
@pytest.mark.parametrize("typed", DAMAGED)
def test_no_framework_speaks(form: type[forms.Form], typed: str) -> None:
    filled = form(dict.fromkeys(form.base_fields, typed))

    said = [error for errors in filled.errors.values() for error in errors]

    assert said
    assert [words for words in said if THEIRS.search(str(words))] == []


def test_what_is_too_long_is_told_with_both_figures() -> None:
    form = SnapshotRequestForm({"name": "x" * 5000})

    assert form.errors["name"] == ["Please write at most 200 characters. This has 5000."]


def test_a_wrong_address_is_told_alike_by_both_public_forms() -> None:
    problems = [
        form({"email": "ada"}).errors["email"] for form in (SnapshotRequestForm, OrderLinkForm)
    ]

    assert problems == [[NO_EMAIL], [NO_EMAIL]]


@pytest.mark.django_db
def test_a_wrong_login_is_told_in_our_words_whoever_tries(client: Client) -> None:
    user = make_person("operator")

    for email, password in ((user.email, "wrong-password-1"), ("no@body.example", PASSWORD)):
        page = client.post("/accounts/login/", {"login": email, "password": password})
        assert "The e-mail address or the password is wrong." in page.content.decode()


def test_the_adapters_speak_of_codes_and_passwords_in_our_words() -> None:
    for adapter in (get_adapter(), get_mfa_adapter()):
        assert str(adapter.error_messages["incorrect_code"]).startswith("This code is not right")

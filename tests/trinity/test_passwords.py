"""Which passwords are taken, and which are what anybody would try first."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from pytest_django import Settings

from trinity.passwords import context_words


@pytest.fixture(autouse=True)
def _shop(settings: Settings) -> None:
    settings.SELLER_NAME = "Acme Rocket Works"
    settings.BASE_URL = "https://shop.fireworks.example"


@pytest.mark.parametrize(
    "password",
    [
        "acmerocketworks",
        "AcmeRocket2026!",
        "Tr1nity-Revenue-1",
        "0wner@fireworks",
        "operator-sandbox",
        "trinity.console",
    ],
)
def test_words_of_the_house_do_not_count(password: str) -> None:
    with pytest.raises(ValidationError, match="do not count"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "the rocket went over a quiet lake",
        "owner of seven grey umbrellas",
        "x8#kQ2!vTm4z",
        "p" * 20 + "ä ß 🚀 " + "q" * 100,
        "alle meine Entchen 12",
    ],
)
def test_long_passwords_of_any_kind_are_taken(password: str) -> None:
    validate_password(password)


@pytest.mark.parametrize("password", ["qwerty123456", "password1234", "1q2w3e4r5t6y"])
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="too common"):
        validate_password(password)


def test_short_names_are_no_words() -> None:
    assert {"acme", "rocket", "works", "fireworks", "shop", "trinity"} <= context_words()
    assert "example" not in context_words()

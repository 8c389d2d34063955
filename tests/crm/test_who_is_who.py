"""Which spellings are one person, and which company a person belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.policy import (
    EMAIL_CHARS_MAX,
    NotAnAddress,
    company_identity,
    company_name_key,
    email_key,
    email_key_or_none,
    plain,
)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@EXAMPLE.com ", "ada@example.com"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),  # decomposed
        ("ａｄａ@example.com", "ada@example.com"),  # full width
        ("ada@example.com.", "ada@example.com"),
        ("a.d.a+news@gmail.com", "a.d.a+news@gmail.com"),
        ("Jürgen@example.com", "jürgen@example.com"),
    ],
)
def test_spellings_of_one_address(written: str, key: str) -> None:
    assert email_key(written) == key


def test_domains_that_only_look_alike_stay_apart() -> None:
    assert email_key("a@straße.example") != email_key("a@strasse.example")
    assert email_key("a.b@gmail.com") != email_key("ab@gmail.com")


@pytest.mark.parametrize(
    "text",
    ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@exa mple.com", "ada@-x.example",
     "a\0b@example.com", "ada@" + "a" * 64 + ".example", "a" * EMAIL_CHARS_MAX + "@example.com"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(NotAnAddress):
        email_key(text)
    assert email_key_or_none(text) is None


def test_a_refused_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(NotAnAddress) as caught:
        email_key("very secret person")
    assert "secret" not in str(caught.value)


def test_joiners_make_no_other_company() -> None:
    assert company_name_key("نشر\u200cها") == company_name_key("نشرها")


@given(st.text(max_size=80))
def test_a_key_is_its_own_key(text: str) -> None:
    key = email_key_or_none(text)
    assert key is None or email_key(key) == key


@given(st.text(max_size=300))
def test_one_line_is_one_line(text: str) -> None:
    line = plain(text, chars_max=50)
    assert len(line) <= 50
    assert line == plain(line, chars_max=50)
    assert not any(char in line for char in "\n\r\t\0\u202e\u2028")


@pytest.mark.parametrize(
    ("email", "website", "domain"),
    [
        ("ada@crunchline.example", "", "crunchline.example"),
        ("ada@crunchline.example", "https://other.example", "other.example"),
        ("ada@crunchline.example", "https://www.facebook.com/ada", "crunchline.example"),
        ("ada@yahoo.de", "https://gmx.at", ""),
        ("ada@gmail.com", "https://www.Crunchline.example/about", "crunchline.example"),
        ("ada@gmail.com", "", ""),
        ("ada@gmail.com", "https://[broken", ""),
        ("ada@GMX.de", "https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_what_a_company_is_known_by(email: str, website: str, domain: str) -> None:
    assert company_identity(email=email, website=website).domain == domain


def test_the_domain_of_a_mail_tells_with_the_name_only() -> None:
    def by_name_too(website: str) -> bool:
        return company_identity(email="ada@crunchline.example", website=website).is_by_name_too

    assert by_name_too("")
    assert by_name_too("https://linkedin.com/in/ada")
    assert not by_name_too("https://crunchline.example")


@pytest.mark.parametrize(
    "domain",
    [
        "yahoo.de",
        "yahoo.co.uk",
        "gmx.at",
        "hotmail.fr",
        "live.nl",
        "comcast.net",
        "web.de",
        "me.com",
    ],
)
def test_where_everybody_may_have_a_mailbox_nobody_is_known_to_work(domain: str) -> None:
    assert company_identity(email=f"ada@{domain}", website="").domain == ""


def test_spellings_of_one_company() -> None:
    assert company_name_key(" ACME\n  GmbH ") == company_name_key("acme gmbh") == "acme gmbh"

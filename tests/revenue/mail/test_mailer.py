"""The mailer against real servers that misbehave: what left, what did not, what nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings

from notices.adapters.mailer import FILE_BACKEND, DjangoMailer
from notices.ports import KeptLetter, Letter, MailRefused, MailUnknown
from tests.revenue.mail.conftest import StartServer

LETTER = Letter(
    to=("ada@buyer.example",),
    subject="A receipt",
    text="Thank you: ä\n",
    html="<p>Thank you: ä</p>",
    message_id="<mail_1.1@trinity.localhost>",
)


def refused(letter: Letter = LETTER) -> tuple[str, bool]:
    with pytest.raises(MailRefused) as caught:
        DjangoMailer().send(letter)
    return caught.value.code, caught.value.is_final


def unknown() -> str:
    with pytest.raises(MailUnknown) as caught:
        DjangoMailer().send(LETTER)
    return caught.value.code


def test_a_letter_leaves_as_text_and_as_html(mail_server: StartServer) -> None:
    server = mail_server()

    DjangoMailer().send(LETTER)

    (message,) = server.messages
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert server.recipients == ["ada@buyer.example"]
    assert (message["Subject"], message["Message-ID"]) == ("A receipt", LETTER.message_id)
    assert message["Auto-Submitted"] == "auto-generated"
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (
        "Trinity Growth (sandbox seller)",
        "hello@trinity.localhost",
    )
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Thank you: ä"
    assert html.get_content().strip() == "<p>Thank you: ä</p>"


def test_nobody_listening_is_a_refusal_to_try_again(no_mail_server: None) -> None:
    assert refused() == ("ConnectionRefusedError", False)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"greeting": "421 busy"}, ("SMTPConnectError 421", False)),
        ({"greeting": "554 go away"}, ("SMTPConnectError 554", False)),
        ({"greeting": "silence"}, ("SMTPServerDisconnected", False)),
        ({"greeting": ""}, ("SMTPServerDisconnected", False)),
        ({"sender": "451 later"}, ("SMTPSenderRefused 451", False)),
        ({"sender": ""}, ("SMTPServerDisconnected", False)),
        ({"recipient": "450 greylisted"}, ("SMTPRecipientsRefused 450", False)),
        ({"recipient": "421 closing"}, ("SMTPRecipientsRefused 421", False)),
        ({"recipient": "550 no such user"}, ("SMTPRecipientsRefused 550", True)),
        ({"data": "451 disk full"}, ("SMTPDataError 451", False)),
        ({"body": "452 out of space"}, ("SMTPDataError 452", False)),
        ({"body": "554 spam"}, ("SMTPDataError 554", True)),
    ],
)
def test_what_a_server_refuses_has_not_left(
    mail_server: StartServer, answers: dict[str, str], outcome: tuple[str, bool]
) -> None:
    mail_server(**answers)

    assert refused() == outcome


@pytest.mark.parametrize(
    "answers",
    [
        {"data": ""},
        {"body": ""},
        {"body": "silence"},
        {"body": "299 odd"},
        {"body": "nonsense"},
    ],
)
def test_no_clear_answer_to_the_body_is_unknown(
    mail_server: StartServer, answers: dict[str, str]
) -> None:
    mail_server(**answers)

    assert unknown().startswith("SMTP")


@pytest.mark.parametrize("goodbye", ["", "silence", "500 what?"])
def test_a_rude_goodbye_does_not_unsend_a_letter(mail_server: StartServer, goodbye: str) -> None:
    server = mail_server(goodbye=goodbye)

    DjangoMailer().send(LETTER)

    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "to",
    ["ada@buyer.example, eve@evil.example", "ada@buyer.example\r\nBcc: eve@evil.example"],
)
def test_an_impossible_address_is_refused_for_good(mail_server: StartServer, to: str) -> None:
    server = mail_server()

    code, is_final = refused(replace(LETTER, to=(to,)))

    assert is_final
    assert to not in code
    assert server.bodies == []


def test_one_refused_recipient_does_not_keep_the_others_from_it(mail_server: StartServer) -> None:
    server = mail_server(unknown="gone@trinity.example")

    DjangoMailer().send(replace(LETTER, to=("gone@trinity.example", "owner@trinity.example")))

    assert len(server.bodies) == 1


def test_a_letter_kept_as_a_file_can_be_read_back(settings: LazySettings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILE_BACKEND, str(tmp_path)
    mailer, now = DjangoMailer(), datetime.now(UTC)

    mailer.send(LETTER)

    assert mailer.read_back(message_id=LETTER.message_id, sent_at=now) == KeptLetter(
        subject="A receipt", text="Thank you: ä\n", html="<p>Thank you: ä</p>"
    )
    assert mailer.read_back(message_id="<other@h>", sent_at=now) is None


def test_nothing_is_read_back_where_mails_are_really_sent(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    read = DjangoMailer().read_back(message_id=LETTER.message_id, sent_at=datetime.now(UTC))

    assert read is None


@pytest.mark.parametrize("offers", ["", "8BITMIME"])
def test_a_mailbox_that_the_server_cannot_name_gets_nothing_and_that_is_said(
    mail_server: StartServer, offers: str
) -> None:
    server = mail_server(offers=offers)

    assert refused(replace(LETTER, to=("grâce@buyer.example",))) == ("NeedsSMTPUTF8", True)
    assert (server.bodies, server.recipients) == ([], [])


def test_a_mailbox_of_any_script_is_reached_where_the_server_speaks_it(
    mail_server: StartServer,
) -> None:
    server = mail_server(offers="SMTPUTF8")

    DjangoMailer().send(replace(LETTER, to=("grâce@bücher.example",)))

    (message,) = server.messages
    assert server.recipients == ["grâce@xn--bcher-kva.example"]
    assert message["To"] == "grâce@xn--bcher-kva.example"
    assert message["Subject"] == "A receipt"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "Thank you: ä"


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),  # not strasse.example
        ("Ada+x@Buyer.example", "Ada+x@Buyer.example"),
        ("o'neil@buyer.example", "o'neil@buyer.example"),
    ],
)
def test_the_mailbox_that_was_named_is_the_one_that_is_reached(
    mail_server: StartServer, named: str, reached: str
) -> None:
    server = mail_server()

    DjangoMailer().send(replace(LETTER, to=(named,)))

    assert server.recipients == [reached]


@pytest.mark.parametrize(
    "named",
    [
        "grace@hopper@buyer.example",
        "grace hopper@buyer.example",
        "grace(cobol)@buyer.example",
        "Grace <grace@buyer.example>",
        "grace",
        "@buyer.example",
        "grace@\u2488.example",
    ],
)
def test_what_is_no_mailbox_is_never_turned_into_one(mail_server: StartServer, named: str) -> None:
    server = mail_server()

    assert refused(replace(LETTER, to=(named,))) == ("NotAMailbox", True)
    assert server.recipients == []


def test_a_file_of_letters_names_no_other_mailbox_either(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILE_BACKEND, str(tmp_path)

    assert refused(replace(LETTER, to=("grâce@buyer.example",))) == ("NeedsSMTPUTF8", True)
    assert list(tmp_path.iterdir()) == []

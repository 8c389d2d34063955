"""Logs: one line per fact, a request id, and nobody's data or secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from tests.factories.people import client_of, make_person
from trinity.logs import HEAD_CHARS, TAIL_CHARS, configuration, masked

CHARS = 64 * 1024
LEAKS = {
    "ada.lovelace+x@example.co.uk": "mail to ada.lovelace+x@example.co.uk bounced",
    "ada%40example.com": "GET /x/ada%40example.com",
    "sk_live_51Habcdefgh": "Invalid API Key provided: sk_live_51Habcdefgh",
    "rk_test_51Habcdefgh": "rk_test_51Habcdefgh",
    "sk_sandbox_abcdefgh": "key=sk_sandbox_abcdefgh",
    "whsec_abcdef123456": "bad secret whsec_abcdef123456",
    "pi_1_secret_abcdef": "client secret pi_1_secret_abcdef",
    "AbCdEf12345678": "Authorization: Bearer AbCdEf12345678",
    "4242 4242 4242 4242": "card 4242 4242 4242 4242 declined",
    "4242424242424242": "card 4242424242424242 declined",
    "hunter2": "postgresql://trinity:hunter2@db.example/trinity",
    "tok3nT0k3n": "GET /o/tok3nT0k3n/",
    "1-c0ffee-abc": "GET /accounts/password/reset/key/1-c0ffee-abc/",
}
HARMLESS = [
    "ord_01k9m8k2q7vx4abcdefghjkmnp",
    "evt_1Q2x3y4z5a6b7c8d9e0f1g2h",
    "2026-11-22T07:22:21.641260Z",
    "http://localhost:8000/readyz",
    "20 rows in 1763796000 ms",
]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log as production does, into a string; put everything back afterwards."""
    into = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    as_configured = configuration(is_json=True, level="INFO")
    as_configured["handlers"]["stderr"]["stream"] = into
    logging.config.dictConfig(as_configured)
    yield into
    root.handlers[:] = handlers
    root.setLevel(level)


def written(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


@pytest.mark.parametrize(("leak", "text"), LEAKS.items())
def test_no_person_and_no_secret_is_written(leak: str, text: str, lines: io.StringIO) -> None:
    logging.getLogger("lib").warning("said: %s", text, extra={"deep": {"er": [text]}})
    structlog.get_logger("ours").warning(text, detail=text, when={text: 1})
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("lib").exception("failed")

    tail = leak.rpartition("_secret_")[2] if "_secret_" in leak else leak
    assert tail not in lines.getvalue()
    assert len(written(lines)) == 3


@pytest.mark.parametrize("text", HARMLESS)
def test_what_helps_to_find_a_fault_stays(text: str) -> None:
    assert masked(text) == text


def test_what_is_called_a_secret_is_not_written_whatever_it_looks_like(
    lines: io.StringIO,
) -> None:
    logging.getLogger("lib").warning("hello", extra={"api_key": "abc", "password": "p", "n": 3})

    line = written(lines)[0]
    assert (line["api_key"], line["password"], line["n"]) == ("…", "…", 3)


def test_bytes_are_counted_not_written() -> None:
    assert masked({"body": b"ada@example.com"}) == {"body": "<15 bytes>"}


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_an_id_and_without_what_was_searched(
    lines: io.StringIO,
) -> None:
    user = make_person("owner")

    client_of(user).get("/accounts/2fa/?q=ada", headers={"user-agent": "secret browser"})

    (line,) = [one for one in written(lines) if one["event"] == "request_finished"]
    assert (line["request"], line["code"], line["person"]) == ("GET /accounts/2fa/?…", 200, user.pk)
    assert len(str(line["request_id"])) == 36
    assert {"ip", "user_agent"} & set(line) == set()
    assert "secret browser" not in lines.getvalue()


@pytest.mark.django_db
def test_a_line_costs_no_query(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        client.get("/accounts/login/")


@pytest.mark.parametrize(
    "leak", ["jürgen.müller@example.de", "ada@exämple.de", "ada%40ex%C3%A4mple.de"]
)
def test_an_address_in_any_script_is_not_written(leak: str) -> None:
    assert masked(f"mail to {leak} bounced") == "mail to …@… bounced"


def test_a_long_text_is_cut_between_words_before_it_is_masked() -> None:
    address = "ada.lovelace@example.com"
    for before in range(HEAD_CHARS - 40, HEAD_CHARS + 1):
        text = (
            f"{'a' * before} {address} {'b ' * CHARS} {address} {'c' * (TAIL_CHARS - before % 40)}"
        )

        written_down = str(masked(text))

        assert len(written_down) < HEAD_CHARS + TAIL_CHARS + 60
        assert not any(part in written_down for part in ("ada", "lovelace", "example"))


def test_the_end_of_a_long_traceback_stays() -> None:
    assert str(masked(f"{'x y ' * CHARS} ValueError: no such order")).endswith("no such order")


@pytest.mark.parametrize("is_json", [True, False])
def test_no_text_begins_a_line_of_its_own_or_turns_one_around(
    is_json: bool, lines: io.StringIO
) -> None:
    as_configured = configuration(is_json=is_json, level="INFO")
    as_configured["handlers"]["stderr"]["stream"] = lines
    logging.config.dictConfig(as_configured)  # the fixture puts everything back
    odd = "evt_1\n2026-11-30 [info] forged\r\x1b[2J\u202eecila"

    logging.getLogger("revenue").warning("refused\nnot forged", extra={"event_id": odd})

    found = lines.getvalue()
    assert len(found.splitlines()) == 1
    assert "forged" in found
    assert not any(hidden in found for hidden in ("\r", "\x1b", "\u202e"))

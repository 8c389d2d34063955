"""Pauses grow to a limit, tries end, and what may be repeated is decided in one place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kernel.retries import (
    ATTEMPT_LAST,
    Backoff,
    CallFailed,
    Refused,
    Unknown,
    error_to_keep,
    may_repeat,
    next_attempt,
)
from notices.outbox.sending import MAIL_RETRIES
from notices.ports import MailRefused, MailUnknown
from revenue.ports import GatewayRefused, GatewayUnknown, GatewayUnreadable
from revenue.retries import CALL_RETRIES, EVENT_RETRIES
from tests.conftest import NOON

DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("settings", "pauses_s"),
    [
        (EVENT_RETRIES, [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]),
        (CALL_RETRIES, [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]),
        (MAIL_RETRIES, [30, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 10800]),
    ],
)
def test_a_pause_doubles_up_to_the_longest(settings: Backoff, pauses_s: list[int]) -> None:
    assert [settings.after(tried).total_seconds() for tried in range(11)] == pauses_s
    assert settings.after(ATTEMPT_LAST) == settings.longest


def test_tries_end_where_a_number_is_set_and_not_where_something_else_ends_them() -> None:
    assert [EVENT_RETRIES.is_over(tried) for tried in (9, 10, 11)] == [False, True, True]
    assert [MAIL_RETRIES.is_over(tried) for tried in (11, 12)] == [False, True]
    assert not CALL_RETRIES.is_over(ATTEMPT_LAST)


def test_the_number_of_tries_stops_where_its_column_does() -> None:
    assert [next_attempt(tried) for tried in (0, ATTEMPT_LAST - 1, ATTEMPT_LAST)] == [
        1,
        ATTEMPT_LAST,
        ATTEMPT_LAST,
    ]


@pytest.mark.parametrize(
    ("age", "last_error", "expected"),
    [
        (timedelta(0), "", True),
        (DAY - timedelta(seconds=1), "no_answer", True),
        (DAY, "no_answer", False),
        (timedelta(0), "http_503", False),
    ],
)
def test_a_call_is_repeated_while_its_key_is_known_and_no_5xx_is_kept_under_it(
    age: timedelta, last_error: str, expected: bool
) -> None:
    asked = may_repeat(made_at=NOON - age, last_error=last_error, key_kept=DAY, now=NOON)

    assert asked == expected


def test_a_5xx_is_remembered_over_what_came_after_it() -> None:
    assert error_to_keep(known="http_500", new="no_answer") == "http_500"
    assert error_to_keep(known="no_answer", new="http_500") == "http_500"
    assert error_to_keep(known="", new="no_answer") == "no_answer"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GatewayRefused("card_declined"), Refused),
        (MailRefused("SMTPDataError 554", is_final=True), Refused),
        (GatewayUnknown("no_answer", is_replayable=True), Unknown),
        (GatewayUnreadable("amount_total_missing"), Unknown),
        (MailUnknown("SMTPServerDisconnected"), Unknown),
    ],
)
def test_every_vendor_refuses_or_is_unknown_and_says_a_code(
    error: CallFailed, kind: type[CallFailed]
) -> None:
    assert isinstance(error, kind)
    assert isinstance(error, Refused) != isinstance(error, Unknown)
    assert str(error) == error.code != ""

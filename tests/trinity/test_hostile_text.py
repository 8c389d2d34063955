"""64 kB of what a visitor may send cost no mask, parser, form or route more than 20 ms."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import product
from types import ModuleType

import pytest
from django.urls import Resolver404, resolve

import console
import crm
import fulfillment
import kernel
import ledger
import revenue
import trinity
from crm.forms import SnapshotRequestForm
from crm.policy import (
    NotAnAddress,
    company_identity,
    company_name_key,
    domain_key,
    email_key,
    plain,
)
from kernel.folding import folded
from kernel.references import is_reference
from kernel.texts import lines, readable, storable
from revenue.adapters.stripe_signature import read_notice, require_signature
from revenue.ports import BodyRejected, SignatureRejected
from trinity.logs import mask, masked
from trinity.templatetags.words import sentence

LIMIT_S = 0.020
LENGTHS = (4 * 1024, 64 * 1024)  # what is slow at the first is not asked for the second
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
APPS = (console, crm, fulfillment, kernel, ledger, revenue, trinity)
# What patterns are made of, and what nearly fits them, over and over.
# fmt: off
PIECES = [
    "a", "A", "é", "1", " ", "\t", "\n", "\r\n", "\0", "\u200d", "\u202e", "🙂", "_", "-", ".",
    "@", "%40", "a@", "@a", "a.", "a@a", "a%40", "%", "%25", ":", "/", "a:", "a/", "://", "a://",
    "http://", "a://a:", "bearer ", "bearer a", "Basic\t", "sk_", "sk_live_", "whsec_",
    "_secret_", "/o/", "/password/reset/key/", "1234", "1234-", "1234 1", "'", "a'", "a-", "’",
    "GET ", "GET /?", "?", "=", ",", "t=1,", "v1=", "v1=0,", "t==", "cs_", "ord_01", "[", "{",
    '{"a":', "(", "<", "&", ";", "xn--", "xn--a.", "a" * 63 + ".", "ß.", "\u0301", "ﷺ", "。",
]
# fmt: on
ENDS = ["", "!@a.b"]


def hostile(chars: int) -> Iterator[str]:
    for piece, end in product(PIECES, ENDS):
        yield (piece * (chars // len(piece) + 1))[: chars - len(end)] + end


def modules() -> Iterator[ModuleType]:
    for app in APPS:
        yield app
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from patterns_in(item)


def patterns() -> dict[str, re.Pattern[str]]:
    return {
        f"{module.__name__}: {pattern.pattern[:60]}": pattern
        for module in modules()
        for value in vars(module).values()
        for pattern in patterns_in(value)
    }


# What only whoever runs the machine writes, and the facts that we write ourselves.
OURS = (
    *("trinity.stack", "trinity.sale", "trinity.sbom", "kernel.weak_secrets", "ledger.shapes"),
    "console.management.commands",
)
PATTERNS = {name: found for name, found in patterns().items() if not name.startswith(OURS)}


def too_slow(run: Callable[[str], object]) -> str:
    """Return the beginning of the first text that keeps ``run`` busy for longer, or "".

    By this thread's own clock, and the best of ten: a busy machine is nobody's fault.
    """
    for chars in LENGTHS:
        for text in hostile(chars):
            if is_slow(run, text):
                return f"{chars} characters of {text[:24]!r}"
    return ""


def is_slow(run: Callable[[str], object], text: str) -> bool:
    for _ in range(10):
        began_s = time.thread_time()
        run(text)
        if time.thread_time() - began_s <= LIMIT_S:
            return False
    return True


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_every_pattern_of_ours_is_linear(name: str) -> None:
    pattern = PATTERNS[name]

    assert (too_slow(pattern.search), too_slow(pattern.fullmatch)) == ("", "")


def test_the_patterns_are_found() -> None:
    assert {"trinity.logs", "kernel.texts", "revenue.usecases.return_from_checkout"} <= {
        name.partition(":")[0] for name in PATTERNS
    }


def refused(run: Callable[..., object], *errors: type[Exception]) -> Callable[[str], object]:
    """Return ``run``, where one of ``errors`` is an answer like any other."""

    def ask(text: str) -> None:
        with suppress(*errors):
            run(text)

    return ask


def signed(header: str) -> None:
    require_signature(body=b"{}", header=header, secrets=["whsec_a", "whsec_b"], now=NOON)


def event_called(text: str) -> None:
    read_notice(json.dumps({"object": "event", "id": text, "type": text}).encode())


def asked_for(text: str) -> None:
    fields = dict.fromkeys(("name", "email", "company", "website", "wish", "form_key"), text)
    assert not SnapshotRequestForm(fields).is_valid()


READERS: dict[str, Callable[[str], object]] = {
    "log line": masked,
    "log line's request": lambda text: mask(None, "info", {"event": "e", "request": text}),
    "log line's value": lambda text: mask(None, "info", {"event": "e", "deep": {"er": [text]}}),
    "log line's name": lambda text: masked({text: text}),
    "stored text": lambda text: storable(text, chars_max=200),
    "readable text": readable,
    "plain line": lambda text: plain(text, chars_max=200),
    "plain lines": lines,
    "address": refused(email_key, NotAnAddress),
    "address's domain": refused(lambda text: email_key(f"a@{text}"), NotAnAddress),
    "domain": refused(domain_key, NotAnAddress),
    "company": company_name_key,
    "website": lambda text: company_identity(email="a@b.example", website=text),
    "reference": is_reference,
    "shown reference": folded,
    "shown sentence": sentence,
    "signature": refused(signed, SignatureRejected),
    "event": refused(event_called, BodyRejected),
    "event's body": refused(lambda text: read_notice(text.encode()), BodyRejected),
    "request form": asked_for,
    "route": refused(lambda text: resolve(f"/{text}"), Resolver404),
    "route of an order": refused(lambda text: resolve(f"/order/{text}/"), Resolver404),
    "route of a reset link": refused(
        lambda text: resolve(f"/accounts/password/reset/key/{text}/"), Resolver404
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_what_reads_a_visitors_text_is_done_at_once(name: str) -> None:
    assert too_slow(READERS[name]) == ""

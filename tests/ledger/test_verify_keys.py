"""Verifying the keys: those beside the seals in the database, and those in the log outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ledger.models import Seal, SealKey
from ledger.ports import key_id
from ledger.queries.seals import PublishedKeyChanged
from ledger.queries.verification import verify
from ledger.usecases.rotate_seal_key import rotate_seal_key
from tests.ledger.conftest import cheat
from tests.ledger.entries import check, own_key, paid, seal
from tests.ledger.reports import codes, named, said

pytestmark = pytest.mark.django_db(transaction=True)

FOREIGN = "encode(sha256(sha256('y')), 'hex')"
KEY_CHANGES = {
    "UPDATE ledger_sealkey SET public_key = sha256('x')": "published_key_changed",
    "UPDATE ledger_sealkey SET public_key = substr(public_key, 1, 31)": "published_key_changed",
    "UPDATE ledger_sealkey SET first_used_at = first_used_at - interval '1 year'": (
        "published_key_dated_otherwise"
    ),
    f"INSERT INTO ledger_sealkey VALUES ({FOREIGN}, sha256('y'), now())": "published_key_unused",
}


@pytest.mark.usefixtures("references")
def test_whatever_is_done_to_a_published_key_is_found_and_the_key_named() -> None:
    own = own_key()
    for change, expected in KEY_CHANGES.items():
        cheat(f"CREATE TABLE kept AS SELECT * FROM ledger_sealkey; {change}")
        report = check()
        assert codes(report) == {expected: 1}, change
        name = key_id(own) if "UPDATE" in change else SealKey.objects.latest("first_used_at").pk
        assert named(report, expected) == [f"key {name[:16]}"]
        cheat(
            "DELETE FROM ledger_sealkey WHERE key_id NOT IN (SELECT key_id FROM kept);"
            "UPDATE ledger_sealkey SET public_key = kept.public_key,"
            " first_used_at = kept.first_used_at FROM kept; DROP TABLE kept"
        )
    assert check().is_good


def test_every_key_that_signed_is_good_after_a_rotation() -> None:
    for _ in range(3):
        paid()
        seal()
        rotate_seal_key(actor_id=None, now=timezone.now())
    paid()
    seal()

    assert SealKey.objects.count() == 4
    assert codes(check()) == {}


def test_where_a_key_is_brought_those_count_that_it_introduced_and_none_before_it() -> None:
    keys = []
    for _ in range(2):
        paid()
        seal()
        keys.append(own_key().hex())
        rotate_seal_key(actor_id=None, now=timezone.now())

    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--key", keys[1])
    call_command("verify_ledger", "--key", keys[0])  # or it would exit


@pytest.mark.usefixtures("references")
def test_a_changed_key_is_found_where_no_other_is_known() -> None:
    for broken in ("sha256('x')", "substr(public_key, 1, 31)"):
        cheat(f"UPDATE ledger_sealkey SET public_key = {broken}")

        report = verify(heads=None, public_keys=[], now=timezone.now())

        assert codes(report) == {"published_key_changed": 1, "key_unknown": 3, "no_key_pinned": 1}


def test_a_key_that_did_not_sign_is_not_told_to_the_world(settings: Any) -> None:
    paid()
    seal()
    logged = settings.SEALS_LOG.read_text()
    cheat("UPDATE ledger_sealkey SET public_key = sha256('x')")
    paid()

    with pytest.raises(PublishedKeyChanged, match="is not the one that signed seal 2"):
        seal()
    with pytest.raises(CommandError, match="run verify_ledger"):
        call_command("seal_ledger")

    assert settings.SEALS_LOG.read_text() == logged
    paid()
    with pytest.raises(PublishedKeyChanged):
        seal()
    assert Seal.objects.count() == 2


@pytest.mark.usefixtures("references")
def test_a_bad_key_in_the_log_is_a_finding(settings: Any) -> None:
    first, *others = settings.SEALS_LOG.read_text().splitlines(keepends=True)
    fields = json.loads(first)
    for broken in (fields["public_key"][:62], "00" * 32, 7, "no hex"):
        line = json.dumps({**fields, "public_key": broken}) + "\n"
        settings.SEALS_LOG.write_text(line + "".join(others))

        report = check()

        assert codes(report) == {"heads_unreadable": 1}
        assert "line 1 is no head of a seal" in said(report, "heads_unreadable")

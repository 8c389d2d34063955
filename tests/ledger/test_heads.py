"""The heads outside the database: written after each seal, made up for after a crash, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ledger import providers
from ledger.adapters.seals_log import SealsLog
from ledger.exchanges.seals import publish_heads, seal_batch
from ledger.models import Seal
from ledger.ports import HeadsShortened, HeadsUnreadable
from ledger.queries.seals import ChainShorterThanHead
from tests.ledger.conftest import cheat
from tests.ledger.entries import NOON, check, log_lines, paid, seal

pytestmark = pytest.mark.django_db
shared = pytest.mark.django_db(transaction=True)  # several connections see the rows


@shared
def test_a_crash_between_the_commit_and_the_head_is_made_up_for() -> None:
    paid()
    seal()
    paid()
    seal_batch(
        signer=providers.signer(may_make=False, now=NOON), now=NOON
    )  # and the process dies here
    assert len(log_lines()) == 1

    assert seal() == 0

    assert [f'"seal": {number}' in line for number, line in enumerate(log_lines(), 1)] == [True] * 2
    assert check().is_good


@shared
def test_a_head_torn_by_a_crash_is_written_again() -> None:
    paid()
    seal()
    path: Path = providers.head_sink()._path  # the file itself
    mark = path.with_name("seals.log.mark")
    whole, marked = path.read_text(), mark.read_text()
    paid()
    seal()
    path.write_text(path.read_text()[:-40])
    mark.write_text(marked)  # which is written after the line

    assert seal() == 0

    assert path.read_text().startswith(whole)
    assert len(log_lines()) == 2
    assert check().is_good


def test_a_lost_log_is_written_again_from_the_chain_when_a_person_says_so() -> None:
    for _ in range(3):
        paid()
        seal()
    before = log_lines()
    Path(providers.head_sink()._path).unlink()  # the file itself

    with pytest.raises(HeadsShortened, match="ends at seal 0, but the heads up to seal 3"):
        publish_heads(sink=providers.head_sink())
    call_command("seal_ledger", "--new-log")
    *again, of_the_new_log = log_lines()  # that a log was begun is an entry of its own
    assert again == before
    assert json.loads(of_the_new_log)["seal"] == len(before) + 1
    with pytest.raises(CommandError, match="keep it as evidence"):
        call_command("seal_ledger", "--new-log")


def test_nothing_is_sealed_on_a_chain_that_lost_its_tail() -> None:
    paid()
    seal()
    paid()
    seal()
    cheat("DELETE FROM ledger_seal WHERE number = 2")
    paid()

    with pytest.raises(
        ChainShorterThanHead, match="seal 2 was published but the database does not"
    ):
        seal()
    with pytest.raises(CommandError, match="move the seals log aside"):
        call_command("seal_ledger")

    assert Seal.objects.count() == 1


def test_a_log_that_is_not_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "seals.log").write_text("not a head\n")
    sink = SealsLog(tmp_path / "seals.log")

    with pytest.raises(HeadsUnreadable, match="line 1 is no head"):
        list(sink.heads())
    with pytest.raises(HeadsUnreadable, match="line 1 is no head"):
        sink.append_after(lambda _: [])

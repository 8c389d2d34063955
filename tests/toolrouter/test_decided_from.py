"""What a decision was made from reads as words and sums, not as the names of fields."""

from __future__ import annotations

from toolrouter.caps import Scope, Window
from toolrouter.policy import CapFact, Facts, Funding, Gate, People
from toolrouter.queries.decided_from import decided_from
from toolrouter.vocabulary import Posture, Readiness, Risk, RunKind

SPEND = Facts(
    operation="purchase.propose",
    risk=Risk.SPEND,
    run_kind=RunKind.FULFILMENT,
    mode="sandbox",
    is_held=True,
    postures=(Posture.NORMAL, Posture.DRAFT_ONLY),
    spend=Gate(environment=False, account=True),
    readiness=Readiness.SANDBOX_VERIFIED,
    ceiling_minor=49_00,
    caps=(CapFact(scope=Scope.RUN, window=Window.DAY, limit_minor=60_00, counted_minor=20_00),),
    funding=Funding(share_percent=50, funded_minor=100_00, run_minor=20_00),
    people=People(needed=1, eligible=2),
)


def test_a_spend_says_its_sums_in_its_currency() -> None:
    assert decided_from(SPEND.stored(), currency="USD") == [
        ("Kind of run", "Fulfilment"),
        ("Posture: account", "Normal"),
        ("Posture: project", "Draft only"),
        ("At that time", "on hold"),
        ("Spend", "server off, account on (live only)"),
        ("Provider", "sandbox verified"),
        ("Costs at most", "$49.00"),
        ("Cap: run, 24 hours", "$60.00, $20.00 used, $40.00 left"),
        ("Share of what was paid", "50% of $100.00, $20.00 used"),
        ("People", "1 must approve, 2 may"),
    ]


def test_a_note_says_no_word_of_money() -> None:
    note = Facts(
        operation="crm.add_note", risk=Risk.INTERNAL_WRITE, run_kind=RunKind.SALES, mode="test"
    )

    assert decided_from(note.stored(), currency="") == [
        ("Kind of run", "Sales"),
        ("At that time", "not stopped, held or paused"),
    ]


def test_what_an_older_version_kept_is_shown_as_it_was_kept() -> None:
    assert decided_from({"was_sunny": True}, currency="") == [("was sunny", "true")]
    assert decided_from(None, currency="") == []

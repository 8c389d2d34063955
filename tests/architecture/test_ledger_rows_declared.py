"""Every event that our code records says which row it speaks of."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps

from ledger import rows
from ledger.enums import EntryKind

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "ledger",
    "approvals",
    "notices",
    "toolrouter",
    "crm",
    "fulfillment",
    "revenue",
    "console",
    "trinity",
)


def written() -> set[str]:
    """Return every event that a call spells out."""
    return {
        keyword.value.value
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "event"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
        and "." in keyword.value.value
    }


def test_every_event_that_our_code_writes_is_declared() -> None:
    events = {event for _, event in rows.declared()}

    assert len(written()) > 20
    assert written() - events == set()


def test_what_is_declared_names_a_table_of_ours() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}

    named = {row.table for spoken_of in rows.declared().values() for row in spoken_of}

    assert len(named) > 8
    assert named - tables == set()


def test_a_kind_that_moves_money_must_bring_what_compares_it() -> None:
    with pytest.raises(ValueError, match="a comparison must say which row moved it"):
        rows.declare(EntryKind.MODEL, {"model.paid": None}, moves_money=True)
    assert EntryKind.MODEL.value not in rows.kinds_that_move_money()


def test_an_event_speaks_of_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.rows._declared", {})
    rows.declare("audit", {"deal.moved": rows.Row("crm_deal")})
    rows.declare("audit", {"deal.moved": rows.Row("crm_deal")})

    with pytest.raises(ValueError, match="already speak of another row"):
        rows.declare("audit", {"deal.moved": None})
    with pytest.raises(ValueError, match="is no event"):
        rows.declare("audit", {"Moved": None})
    with pytest.raises(rows.EventUndeclared):
        rows.check(kind="audit", event="deal.lost")

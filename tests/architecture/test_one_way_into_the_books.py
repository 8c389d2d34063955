"""Whoever learns a fact of Stripe's hands it to ``recording.record``: there is no second way."""

from __future__ import annotations

import ast

from tests.architecture.test_house import ROOT, SOURCES, functions, imported, name_of, parsed

OPERATIONS = ROOT / "revenue" / "operations"


def says_outcome(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns) == "Outcome"


RECORDERS = {
    f"revenue.operations.{path.stem}.{function.name}"
    for path in OPERATIONS.glob("*.py")
    for function in functions(parsed(path))
    if function.name.startswith("record_") and says_outcome(function)
}


def importers(recorder: str) -> set[str]:
    return {name_of(path) for path in SOURCES if recorder in set(imported(path))}


def test_a_recorder_is_reached_only_through_record() -> None:
    importers_of = {recorder.rpartition(".")[2]: importers(recorder) for recorder in RECORDERS}

    assert importers_of == {
        "record_session": {"revenue/operations/fact_recording.py"},
        "record_completion": {"revenue/operations/sessions.py"},
        "record_refund": {"revenue/operations/fact_recording.py"},
        "record_dispute": {"revenue/operations/fact_recording.py"},
        "record_fee": {"revenue/operations/fact_recording.py"},
    }


def test_every_way_from_stripe_imports_record() -> None:
    assert importers("revenue.operations.fact_recording.record") == {
        f"revenue/{way}.py"
        for way in (
            *("exchanges/checkouts", "exchanges/refunds", "usecases/return_from_checkout"),
            *("exchanges/events", "exchanges/missed", "exchanges/fees"),
        )
    }


def test_orders_are_made_in_one_place() -> None:
    makers = [
        name_of(path)
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"Order", "Order.objects.create"}
    ]

    assert makers == ["revenue/operations/payment_completion.py"]

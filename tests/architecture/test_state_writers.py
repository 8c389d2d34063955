"""A state is written along its table of moves, by the kernel: ``move`` and its kin, ``begin``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps

from kernel.transitions import Stateful
from tests.architecture.test_house import ROOT, SOURCES, name_of, parsed

MODELS = {model.__name__: model for model in apps.get_models()}
COLUMNS = {model.STATE_FIELD for model in MODELS.values() if issubclass(model, Stateful)}
STATELESS = {name for name, model in MODELS.items() if not issubclass(model, Stateful)}
WRITERS = {
    *("update", "bulk_update", "update_or_create", "aupdate", "abulk_update", "save", "asave"),
    *("update_where", "write_fenced", "write_unmoved"),
}
NAMED_IN = {"written", "defaults", "fields", "update_fields"}
BEYOND = {"kernel", "sandbox", "benchmarks"}  # the writer itself; no rows of ours


def named(node: ast.expr) -> Iterator[str | None]:
    """Yield the columns that a dict, list or text names; None for what only running it tells."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from named(value if key is None else key)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for element in node.elts:
            yield from named(element)
    else:
        yield None


def columns_of_call(call: ast.Call) -> Iterator[str | None]:
    """Yield the columns that ``call`` writes, where it is one of ``WRITERS`` or ``setattr``."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in {"setattr", "__setattr__"} and len(call.args) > 1:
        column = call.args[-2]
        is_constant = isinstance(column, ast.Name) and column.id.isupper()
        yield from named(column) if not is_constant else ()
    if name not in WRITERS:
        return
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in NAMED_IN:
            yield from named(keyword.value)
        else:
            yield keyword.arg
    for argument in call.args[1:] if name.endswith("bulk_update") else ():
        yield from named(argument)


def root_of(node: ast.expr) -> str:
    """Return the name that a chain of calls and attributes begins with."""
    while not isinstance(node, ast.Name):
        below = getattr(node, "func", getattr(node, "value", None))
        if not isinstance(below, ast.expr):
            return ""
        node = below
    return node.id


def writes_of_a_state(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that write a state, or a column that is not spelled out and may be one.

    The latter is let pass on a model that has no state.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in COLUMNS:
                yield node.lineno
        elif isinstance(node, ast.Call):
            columns = set(columns_of_call(node))
            if columns & COLUMNS or (None in columns and root_of(node) not in STATELESS):
                yield node.lineno


def test_only_the_kernel_writes_a_state() -> None:
    writers = [
        f"{name_of(path)}:{line}"
        for path in SOURCES
        if path.parts[len(ROOT.parts)] not in BEYOND
        for line in writes_of_a_state(parsed(path))
    ]

    assert {"state", "stage"} == COLUMNS
    assert writers == []


@pytest.mark.parametrize(
    "source",
    [
        "order.state = target",
        "deal.stage: str = 'won'",
        "order.state, order.paid_at = target, now",
        "for order.state in states: pass",
        "setattr(order, 'state', target)",
        "setattr(order, name, value)",
        "object.__setattr__(order, 'state', target)",
        "Order.objects.filter(pk=1).update(state=target)",
        "Order.objects.filter(pk=1).update(**{'state': target})",
        "Order.objects.filter(pk=1).update(**changes)",
        "orders.update(**changes)",
        "Order.objects.bulk_update(orders, ['state'])",
        "Order.objects.bulk_update(orders, fields=columns)",
        "Order.objects.update_or_create(pk=1, defaults={'state': target})",
        "order.save(update_fields=['paid_at', 'state'])",
        "update_where(Order, where={'pk': 1}, written={'state': target})",
        "update_where(Order, where={'pk': 1}, written={'paid_at': now, **changes})",
        "event.write_fenced(state=target)",
    ],
)
def test_a_state_written_by_hand_is_found(source: str) -> None:
    assert list(writes_of_a_state(ast.parse(source))) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "order.move(OrderState.PAID, paid_at=now)",
        "order.begin(target)",
        "is_paid = order.state == OrderState.PAID",
        "Order.objects.filter(state=target).update(paid_at=now)",
        "update_where(Order, where={'state': source}, written={'paid_at': now})",
        "OfferPrice.objects.filter(pk=1).update(**{column: value})",
        "counts.update(other)",
        "order.save(update_fields=['paid_at'])",
        "setattr(user, IS_FIRST_LOGIN, True)",
    ],
)
def test_reading_a_state_and_writing_beside_it_is_not(source: str) -> None:
    assert list(writes_of_a_state(ast.parse(source))) == []

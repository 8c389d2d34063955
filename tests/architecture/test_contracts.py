"""The contracts of import-linter, each broken once: one that cannot be holds nothing."""

from __future__ import annotations

from copy import deepcopy

import grimp
import pytest
from importlinter import configuration
from importlinter.application.use_cases import read_user_options
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract

from tests.architecture.test_house import ROOT

configuration.configure()
OPTIONS = read_user_options(str(ROOT / "pyproject.toml"))
SESSION = OPTIONS.session_options
CONTRACTS = {options["name"].partition(":")[0]: options for options in OPTIONS.contracts_options}
KINDS = {
    kind.type_name: kind for kind in (LayersContract, ForbiddenContract, AcyclicSiblingsContract)
}
GRAPH = grimp.build_graph(*SESSION["root_packages"], include_external_packages=True, cache_dir=None)

# Contract, who imports, what they must not.
WRONG_IMPORTS = [
    ("Imports point down the house", "kernel.money", "ledger.enums"),
    ("Imports point down the house", "crm.operations.sales", "fulfillment.operations"),
    (
        "What an agent may do is decided without a database, a clock or a network",
        "toolrouter.policy",
        "django",
    ),
    (
        "A snapshot is checked and set without a database, a clock or a network",
        "fulfillment.snapshots.quoting",
        "django",
    ),
    ("Inside an app", "revenue.queries.orders", "revenue.operations.booking"),
    ("Inside an app", "revenue.operations.booking", "revenue.exchanges.fees"),
    ("Inside an app", "revenue.exchanges.fees", "revenue.usecases.reconcile"),
    ("Inside an app", "revenue.models.orders", "revenue.adapters.stripe_gateway"),
    ("Inside an app", "crm.models.deals", "crm.queries.lists"),
    ("Inside an app", "crm.usecases.work_deal", "crm.views.verbs"),
    ("Inside an app", "fulfillment.policy", "fulfillment.models.runs"),
    ("Inside an app", "ledger.exchanges.seals", "ledger.usecases.rotate_seal_key"),
    ("Inside an app", "console.queries.dashboard", "console.views.dashboard"),
    ("Inside an app", "toolrouter.vocabulary", "toolrouter.policy"),
    ("Inside an app", "trinity.people.queries", "trinity.people.operations"),
    ("Inside an app", "trinity.logins.models", "trinity.logins.queries"),
    ("Inside an app", "trinity.step_up.waiting", "trinity.step_up.views"),
    ("Trinity", "trinity.roles", "trinity.people.queries"),
    ("The sandbox imports no app", "sandbox.state", "kernel.money"),
    ("No app imports the sandbox", "trinity.sale.steps", "sandbox.state"),
    ("The sandbox", "sandbox.state", "sandbox.stripe.behaviour"),
    ("A vendor in the sandbox", "sandbox.stripe.behaviour", "sandbox.stripe.api"),
    ("No cycle between the modules of a package", "kernel.guards", "kernel.schema"),
]


def is_kept(contract: str, graph: grimp.ImportGraph) -> bool:
    options = CONTRACTS[contract]
    kind = KINDS[options["type"]]
    checked = kind(name=contract, session_options=SESSION, contract_options=options)
    return checked.check(graph, verbose=False).kept


@pytest.mark.parametrize(("contract", "importer", "imported"), WRONG_IMPORTS)
def test_a_wrong_import_breaks_its_contract(contract: str, importer: str, imported: str) -> None:
    graph = deepcopy(GRAPH)
    assert {importer, imported} <= graph.modules

    graph.add_import(importer=importer, imported=imported)

    assert not is_kept(contract, graph)


def test_as_the_house_stands_all_are_kept() -> None:
    assert [contract for contract in CONTRACTS if not is_kept(contract, deepcopy(GRAPH))] == []


def test_no_contract_is_left_out() -> None:
    assert {contract for contract, _, _ in WRONG_IMPORTS} == set(CONTRACTS)


EXHAUSTIVE = [
    (contract, container)
    for contract, options in CONTRACTS.items()
    if options.get("exhaustive")
    for container in options["containers"]
]


@pytest.mark.parametrize(("contract", "container"), EXHAUSTIVE)
def test_a_module_without_a_place_breaks_the_contract(contract: str, container: str) -> None:
    graph = deepcopy(GRAPH)

    graph.add_module(f"{container}.helpers")

    assert not is_kept(contract, graph)

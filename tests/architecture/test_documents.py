"""The documents name what there is: files, commands, packages. And nothing of one machine."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands

from trinity.schedule import SWEEPS_EVERY_S

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sandbox/README.md"])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PICTURE_BYTES_MAX = 200_000
APPS_OF_OURS = ("console", "crm", "fulfillment", "ledger", "revenue", "trinity")
OURS = {name for name, app in get_commands().items() if app in APPS_OF_OURS}
LOCAL_ONLY = {"seed_local", "seed_offer"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_links_lead_somewhere() -> None:
    targets = [
        (document, target)
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text())
        if "://" not in target
    ]

    assert len(targets) > 100
    dead = [
        (name_of(document), target)
        for document, target in targets
        if not (document.parent / target).exists()
    ]
    assert dead == []


OF_A_MACHINE = re.compile(r"(?:/work|/root|/home|/tmp/\w+|pypi|npmjs)\b")


def test_no_path_or_host_of_a_machine_is_named() -> None:
    named = [
        (name_of(document), found)
        for document in DOCUMENTS
        for found in OF_A_MACHINE.findall(document.read_text())
    ]

    assert named == []


def test_every_decision_is_in_the_list() -> None:
    pages = {path.name for path in (ROOT / "docs" / "adr").glob("0*.md")}
    listed = set(LINK.findall((ROOT / "docs" / "adr" / "README.md").read_text()))

    assert listed == pages
    assert max(path.read_text().count("\n") for path in (ROOT / "docs/adr").glob("0*.md")) <= 40


def test_every_wanted_package_has_a_reason() -> None:
    lists = [(ROOT / name).read_text() for name in ("requirements.in", "requirements-server.in")]
    wanted = re.findall(r"^([a-z0-9][a-z0-9-]*(?:\[[a-z,]+\])?)", "\n".join(lists), re.M)
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    table = " ".join(re.findall(r"^\| ([^|]+) \|", reasons, re.M))
    named = set(re.findall(r"[a-z0-9-]+(?:\[[a-z,]+\])?", table))

    assert set(wanted) - named == set()
    assert named - set(wanted) - {"package", "---", "8", "16", "4", "5", "2", "7", "3"} == set()


def test_every_command_for_operators_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()

    assert {name for name in OURS - LOCAL_ONLY if f"`{name}" not in readme} == set()


def test_commands_that_the_documents_name_exist() -> None:
    texts = " ".join(path.read_text() for path in DOCUMENTS)
    named = set(re.findall(r"(?:manage\.py|bin/manage|`manage) ([a-z][a-z_]+)", texts))

    assert named - set(get_commands()) == set()


def test_the_pictures_are_there_and_small() -> None:
    shown = re.findall(r"docs/screenshots/\w+\.png", (ROOT / "README.md").read_text())
    sizes = {name: (ROOT / name).stat().st_size for name in shown}

    assert 3 <= len(shown) <= 7
    assert {name: size for name, size in sizes.items() if size > PICTURE_BYTES_MAX} == {}


def test_how_often_the_ledger_is_sealed_is_said_right() -> None:
    words = f"every {SWEEPS_EVERY_S['ledger.seal']} s"

    assert words in (ROOT / "docs" / "architecture.md").read_text()


TERM = re.compile(r"^\| [^|]+ \| [^|]+ \| `([\w.]+)` \|$", re.M)


def located(place: str) -> object:
    """Return what stands at ``place``: a module, then names in it, one in the other."""
    module, _, name = place.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        return getattr(located(module), name)


@pytest.mark.parametrize("place", TERM.findall((ROOT / "docs/glossary.md").read_text()))
def test_what_the_glossary_names_is_there(place: str) -> None:
    try:
        found: object = import_module(place)
    except ModuleNotFoundError:
        found = located(place)

    assert found is not None


def test_each_line_of_the_glossary_is_one_word_with_its_place() -> None:
    rows = [
        line for line in (ROOT / "docs/glossary.md").read_text().splitlines() if line[:1] == "|"
    ]
    words = [row.split("|")[1].strip() for row in rows[2:]]

    assert [row for row in rows[2:] if not TERM.fullmatch(row)] == []
    assert sorted(words) == sorted(set(words))

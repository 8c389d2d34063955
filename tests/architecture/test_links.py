"""The links that are deliberately not imports: each has its own test."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.module_loading import import_string

from trinity.flow import FLOW
from trinity.schedule import SWEEPS_EVERY_S

ROOT = Path(__file__).resolve().parents[2]
URL_TAG = re.compile(r"{%\s*url\s+['\"]([a-z0-9_-]+)['\"]")


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    for config in apps.get_app_configs():
        if (Path(config.path) / "tasks.py").exists():
            importlib.import_module(f"{config.name}.tasks")
    return set(current_app.tasks)


@pytest.mark.parametrize(
    "task", sorted({name for names in FLOW.values() for name in names} | set(SWEEPS_EVERY_S))
)
def test_every_task_name_is_a_registered_task(task: str, tasks: set[str]) -> None:
    assert task in tasks


def test_every_task_of_ours_is_called_by_somebody(tasks: set[str]) -> None:
    named = {name for names in FLOW.values() for name in names} | set(SWEEPS_EVERY_S)
    ours = {name for name in tasks if not name.startswith("celery.")}

    assert ours - named == set()


def test_adapters_named_in_settings_exist() -> None:
    assert callable(import_string(settings.PAYMENT_GATEWAY).from_settings)


def test_every_url_name_in_a_template_exists() -> None:
    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    known |= {name for key, _ in get_resolver().namespace_dict.items() for name in [key]}
    missing = sorted(
        {
            f"{path.relative_to(ROOT)}: {name}"
            for path in (ROOT / "templates").rglob("*.html")
            for name in URL_TAG.findall(path.read_text(encoding="utf-8"))
            if name not in known
        }
    )

    assert missing == []


@pytest.mark.parametrize(
    "name",
    [
        "offer-list",
        "dashboard",
        "lead-list",
        "deal-list",
        "order-list",
        "review-list",
        "event-list",
        "outbox",
        "ledger",
        "people",
        "run-list",
        "search",
        "trace-find",
        "offer-admin-list",
    ],
)
def test_the_console_has_its_pages(name: str) -> None:
    try:
        assert reverse(name)
    except NoReverseMatch:
        pytest.fail(f"no address is called {name}")


def test_templates_keep_the_policy() -> None:
    """No inline script, style or handler: the browser would refuse it, silently."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")"
        r"|\sstyle=|\son[a-z]+=|javascript:"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "sandbox").rglob("*.html")]
        if "mail" not in path.parts
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []

"""What a setting was called before works for one more version."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TOLD = "from django.conf import settings; print(*settings.OPERATOR_EMAILS)"
OLD, NEW = "old@trinity.example", "new@trinity.example"


@pytest.mark.parametrize(
    ("named", "addresses"),
    [
        ({}, ""),
        ({"OPERATOR_EMAILS": f"{NEW},{OLD}"}, f"{NEW} {OLD}"),
        ({"SUPPORT_EMAILS": OLD}, OLD),
        ({"SUPPORT_EMAILS": OLD, "OPERATOR_EMAILS": NEW}, NEW),
    ],
    ids=["none", "new", "old", "both"],
)
def test_who_hears_of_alerts_is_named_by_either(named: dict[str, str], addresses: str) -> None:
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "trinity.settings"} | named
    done = subprocess.run(
        [sys.executable, "-c", TOLD], env=env, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == addresses

"""What a deployed shop sends and is checked for: processes with a server's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from trinity.origins import cookie_name, is_below_apex
from trinity.stack.home import ROOT

SERVER = {
    "BASE_URL": "https://shop.example.com",
    "SECRET_KEY": "".join(chr(33 + (number * 7) % 90) for number in range(64)).replace("'", "a"),
    "TRUSTED_PROXY_COUNT": "1",
}


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**inherited, **SERVER, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def settings_of(*names: str, **env: str) -> dict[str, object]:
    code = (
        "import json; from django.conf import settings;"
        f"print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))"
    )
    done = manage("shell", "-v0", "-c", code, **env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("address", ["https://shop.example.com", "https://example.com"])
def test_a_deployed_shop_passes_djangos_own_check(address: str) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", BASE_URL=address)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.slow
def test_the_check_can_fail() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", DEBUG="1")

    assert done.returncode != 0
    assert "security.W018" in done.stderr


@pytest.mark.slow
def test_no_model_waits_for_a_migration() -> None:
    done = manage("makemigrations", "--check", "--dry-run")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_subdomains_are_bound_only_below_an_apex() -> None:
    name = "SECURE_HSTS_INCLUDE_SUBDOMAINS"
    assert settings_of(name) == {name: True}
    assert settings_of(name, BASE_URL="https://example.com") == {name: False}
    assert settings_of(name, HSTS_SUBDOMAINS="0") == {name: False}
    assert settings_of(name, BASE_URL="https://example.com", HSTS_SUBDOMAINS="1") == {name: True}
    assert settings_of(name, BASE_URL="http://shop.example.com") == {name: False}


@pytest.mark.parametrize(
    ("host", "is_below"),
    [
        ("shop.example.com", True),
        ("a.b.example.com", True),
        ("shop.example.co.uk", True),
        ("example.com", False),
        ("example.co.uk", False),
        ("example.com.au", False),
        ("localhost", False),
        ("203.0.113.7", False),
        ("2001:db8::1", False),
    ],
)
def test_an_apex_is_known(host: str, is_below: bool) -> None:
    assert is_below_apex(host) is is_below


def test_a_cookie_says_what_binds_it() -> None:
    assert cookie_name("session", port=8000, is_https=True) == "__Host-trinity_session"
    assert cookie_name("session", port=8000, is_https=False) == "trinity_session_8000"

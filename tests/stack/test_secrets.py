"""Each process has its own secrets and no other's, on a laptop and in containers."""

from __future__ import annotations

import re

from trinity import guards
from trinity.stack import secrets
from trinity.stack.home import ROOT
from trinity.stack.secrets import OF, SECRETS

COMPOSED = {"DATABASE_URL", "REDIS_URL", "MIGRATION_DATABASE_URL"}  # of passwords, in the file


def test_what_is_none_of_its_business_is_taken_out() -> None:
    env = dict.fromkeys(SECRETS, "secret") | {"PORT": "8000"}

    for name, needed in OF.items():
        given = secrets.for_process(name, env)
        assert set(given) == {*needed, "PORT", "TRINITY_PROCESS"}, name
        assert given["TRINITY_PROCESS"] == name
    assert OF["beat"] == {"REDIS_URL"}
    assert "MIGRATION_DATABASE_URL" not in OF["web"] | OF["worker"] | OF["doors"]


def test_the_clock_and_the_door_start_in_live_mode_without_what_they_do_not_get() -> None:
    live = {"TRINITY_MODE": "live", "BASE_URL": "https://shop.example.com"}

    assert guards.problems(live | {"TRINITY_PROCESS": "beat", "REDIS_URL": "x"}) == []
    assert guards.problems(live | {"TRINITY_PROCESS": "web"}) != []
    [missing] = guards.problems(live | {"TRINITY_PROCESS": "doors"})
    assert "STRIPE_WEBHOOK_SECRETS" in missing


def test_containers_get_the_same() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    common = _block(text, "x-environment: &environment")
    assert not SECRETS & _names(common), "a secret for everybody"
    for name in OF.keys() - {"sandbox", "hermes"}:
        service = _block(text, f"  {name}:")
        assert SECRETS & _names(service) == OF[name], name


def test_the_private_seal_key_lies_where_only_the_worker_can_read_it() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    mounts = [
        name
        for name in (*OF.keys() - {"sandbox", "hermes"}, "postgres", "redis")
        if "seal-key:" in _block(text, f"  {name}:")
    ]

    assert mounts == ["worker"]
    assert "seal-key" not in _block(text, "x-trinity: &trinity")
    assert 'SEAL_KEY_FILE: "/var/lib/trinity-seal/seal.key"' in _block(text, "  worker:")
    assert '"seal-key:/var/lib/trinity-seal"' in _block(text, "  worker:")
    assert "/var/lib/trinity-seal" in (ROOT / "Dockerfile").read_text()  # whose it is, and closed


def _block(text: str, head: str) -> str:
    """Return what is indented below the line ``head``."""
    indent = len(head) - len(head.lstrip())
    lines = text.split(f"\n{head}\n", 1)[1].splitlines()
    end = next(
        (
            number
            for number, line in enumerate(lines)
            if line.strip() and len(line) - len(line.lstrip()) <= indent
        ),
        len(lines),
    )
    return "\n".join(lines[:end])


def _names(block: str) -> set[str]:
    return set(re.findall(r"^ +([A-Z_]+):", block, flags=re.MULTILINE))

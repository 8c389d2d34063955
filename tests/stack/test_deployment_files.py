"""What a deployment is made from: settings, containers, the image, and the locks."""

from __future__ import annotations

import ast
import re
import subprocess
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import redis

from trinity.stack import container, dotenv
from trinity.stack.home import ROOT
from trinity.stack.valkey import _server


def documented() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE))


def test_every_setting_is_documented_and_every_documented_one_is_used() -> None:
    read = re.compile(r'(?:\benv\.\w+|env\.get|environ\.get)\(\s*"([A-Z_]+)"')
    of_settings = [ROOT / "trinity" / f"{name}.py" for name in ("settings", "agent_settings")]
    sources = [*of_settings, *(ROOT / "trinity" / "stack").glob("*.py")]
    in_settings = set().union(*(read.findall(each.read_text()) for each in of_settings))
    anywhere = set().union(*(read.findall(each.read_text()) for each in sources))
    anywhere |= {"PORT", "MCP_PORT", "SANDBOX_PORT", "TRINITY_MODE"}
    anywhere |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert in_settings - documented() == set()
    assert documented() - anywhere == set()


def test_the_example_changes_nothing_until_it_is_edited() -> None:
    assert dotenv.read(ROOT / ".env.example") == {}


def test_containers_run_known_processes_with_documented_settings() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    passed_on = set(re.findall(r"^ +([A-Z_]+):$", text, flags=re.MULTILINE))

    assert set(re.findall(r'"process", "([\w-]+)"', text)) == set(container.PROCESSES)
    assert passed_on - documented() == set()
    own = {"PORT", "DOORS_PORT", "DOORS_URL", "MCP_PORT", "MCP_URL"}
    own |= {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"}
    assert documented() - passed_on - own == {
        *("DATABASE_AS_OWNER", "TRINITY_PROCESS"),
        "SANDBOX_WEB_URL",
        # The agent runs on one machine with its own of each; a server's is elsewhere.
        *("HERMES", "HERMES_PORT", "HERMES_VENV"),
        *("HERMES_MODEL", "HERMES_MODEL_URL", "HERMES_MODEL_KEY"),
        *("TRINITY_HOME", "SANDBOX_PORT", "OWNER_EMAIL", "SEAL_KEY_FILE", "SEALS_LOG"),
        "SEAL_PINS",
        *("POSTGRES_PASSWORD", "TRINITY_DB_PASSWORD", "TRINITY_APP_DB_PASSWORD"),
        "REDIS_PASSWORD",
    }


def test_redis_of_the_containers_has_a_password_and_a_network_of_its_own() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    redis_service = text.split("\n  redis:\n")[1].split("\n\n")[0]

    assert 'REDIS_URL: &redis "redis://:${REDIS_PASSWORD:-}@redis:6379/0"' in text
    assert "\n  redis: {internal: true}\n" in text
    assert "    networks: [redis]\n" in redis_service
    assert re.findall(r"networks: \[(.*redis.*)\]", text) == ["default, redis", "redis"]


def test_redis_of_the_containers_starts_with_its_password_in_no_command(tmp_path: Path) -> None:
    (tmp_path / "redis-server").symlink_to(_server())
    socket = tmp_path / "redis.sock"
    script = [
        "sh",
        str(ROOT / "docker" / "run-redis.sh"),
        "--port",
        "0",
        "--unixsocket",
        str(socket),
    ]
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    refused = subprocess.run(
        script, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    with subprocess.Popen(
        script, env=env | {"REDIS_PASSWORD": "s3cret"}, cwd=tmp_path, stdout=subprocess.DEVNULL
    ) as server:
        try:
            until_s = time.monotonic() + 30
            while not socket.exists() and time.monotonic() < until_s:
                time.sleep(0.05)
            words = Path(f"/proc/{server.pid}/cmdline").read_text()
            with pytest.raises(redis.AuthenticationError):
                redis.Redis.from_url(f"unix://{socket}").ping()
            opened = redis.Redis.from_url(f"unix://{socket}?password=s3cret").ping()
        finally:
            server.terminate()

    assert "set REDIS_PASSWORD" in refused.stderr
    assert (opened, "redis-server" in words, "s3cret" in words) == (True, True, False)


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER trinity" in lines
    assert lines.index("USER trinity") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD")
    )
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_the_image_stands_on_a_digest_and_holds_no_installer() -> None:
    text = (ROOT / "Dockerfile").read_text()

    assert re.search(r"^ARG PYTHON_IMAGE=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    assert "--require-hashes requirements-server.lock" in text
    assert "python -m pip uninstall" in text.split("FROM ${PYTHON_IMAGE}\n")[1]


LOCKS = ("requirements.lock", "requirements-server.lock")


PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==([^ ;]+)", re.MULTILINE)


def wanted_in(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[\[<>=]", line)[0] for line in lines if not line.startswith("-r ")}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pinned = {name for name, _ in PIN.findall(text)}

    assert wanted_in("requirements-server.in") <= pinned
    assert "://" not in text
    assert "index-url" not in text
    assert len(re.findall(r"--hash=sha256:", text)) > len(pinned)


def test_a_machine_gets_what_a_server_gets_and_tools() -> None:
    whole, server = (dict(PIN.findall((ROOT / lock).read_text())) for lock in LOCKS)

    assert server.items() <= whole.items()
    assert wanted_in("requirements.in") <= set(whole)
    assert "uv" in whole
    assert wanted_in("requirements.in") & set(server) == set()  # no test, no tool, no sandbox


APPS = (
    *("kernel", "ledger", "notices", "approvals", "toolrouter", "crm", "fulfillment", "revenue"),
    *("console", "trinity"),
)


def test_a_server_has_what_its_code_imports() -> None:
    """Everything but what runs on one machine alone: the sandbox, the played sale."""
    server = {name for name, _ in PIN.findall((ROOT / LOCKS[1]).read_text())}
    homes = packages_distributions()
    imported = {
        name
        for package in APPS
        for path in (ROOT / package).rglob("*.py")
        if "trinity/sale" not in path.as_posix()
        for name in imports_of(path)
    }
    foreign = {home.lower().replace("_", "-") for name in imported for home in homes.get(name, [])}

    assert {"django", "stripe", "celery"} <= foreign
    assert foreign - server == set()


def imports_of(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {
        name.split(".")[0]
        for name in plain
        | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    }

"""``bin/*`` and the files around them, as a newcomer or a server meets them."""

from __future__ import annotations

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import redis

from trinity.stack import container, dotenv
from trinity.stack.home import ROOT
from trinity.stack.valkey import _server

LAUNCHERS = ("run", "test", "sale", "bench", "manage")
BARE = {"PATH": "/usr/bin:/bin"}


def launch(
    name: str, env: dict[str, str], *arguments: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "bin" / name), *arguments],
        cwd=cwd,
        env=BARE | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def old_python(folder: Path) -> None:
    """Stand in for every name of Python with one that says it is 3.9."""
    script = (
        '#!/bin/sh\ncase "$2" in *python_version*) echo 3.9.2;; *version_info*) exit 1;; esac\n'
    )
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_launchers_are_bash_and_may_be_run(name: str) -> None:
    file = ROOT / "bin" / name
    assert file.read_text().startswith("#!/usr/bin/env bash\n")
    assert file.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", str(file)], check=True)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_an_old_python_is_one_sentence(name: str, tmp_path: Path) -> None:
    old_python(tmp_path)

    told = launch(name, {"PATH": f"{tmp_path}:/usr/bin:/bin", "TRINITY_HOME": str(tmp_path / "h")})

    assert told.returncode == 1
    assert told.stderr == (
        f"bin/{name}: Python 3.9.2 is too old; install Python 3.11 or newer "
        "(Debian 12: apt-get install python3 python3-venv).\n"
    )
    assert not (tmp_path / "h").exists()


def python_without_venv(folder: Path, *, uid: int) -> None:
    """Stand in for a bare Debian: the module comes with a package that apt-get installs."""
    real = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin") or sys.executable
    scripts = {
        "id": f"echo {uid}",
        "apt-get": f'echo "$@" >> {folder}/apt.log; touch {folder}/installed',
    }
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        missing = f'case "$2" in *ensurepip*) [ -e {folder}/installed ] || exit 1;; esac'
        scripts[name] = f'{missing}\nexec {real} "$@"'
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)


def test_a_missing_venv_module_is_named_to_a_normal_user(tmp_path: Path) -> None:
    python_without_venv(tmp_path, uid=1000)

    told = launch("run", {"PATH": f"{tmp_path}:/usr/bin:/bin", "TRINITY_HOME": str(tmp_path / "h")})

    assert (told.returncode, told.stderr) == (
        1,
        "bin/run: Python's venv module is missing; install it "
        "(Debian: sudo apt-get install python3-venv).\n",
    )
    assert not (tmp_path / "apt.log").exists()


def test_a_missing_venv_module_is_installed_by_root(tmp_path: Path) -> None:
    python_without_venv(tmp_path, uid=0)
    script = f"COMMAND=x; . {ROOT}/bin/_setup.sh; require_venv_module python3"
    script = script.replace("require", "is_debian() { true; }; require")

    subprocess.run(
        ["bash", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True, timeout=60
    )

    assert (tmp_path / "apt.log").read_text().startswith("install -y --no-install-recommends")


@pytest.mark.parametrize("name", ["test", "sale", "bench"])
@pytest.mark.parametrize("env", [{"STRIPE_SECRET_KEY": "rk_live_1"}, {"TRINITY_MODE": "live"}])
def test_what_invents_data_refuses_live_keys_before_it_does_anything(
    name: str, env: dict[str, str], tmp_path: Path
) -> None:
    told = launch(name, env | {"TRINITY_HOME": str(tmp_path / "h")}, cwd=tmp_path)

    assert told.returncode == 1
    assert told.stderr.startswith(f"bin/{name} refuses to run with ")
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "h").exists()


def contents(folder: Path) -> dict[str, str]:
    return {
        str(each.relative_to(folder)): each.read_text() if each.is_file() else ""
        for each in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("held", ["notes.txt", "bin/python", ".git/HEAD"])
def test_a_folder_that_trinity_did_not_make_is_not_made_its_venv(
    held: str, slash: str, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    (theirs / held).parent.mkdir(parents=True, exist_ok=True)
    (theirs / held).write_text("of somebody")
    before = contents(tmp_path)

    told = launch("run", {"TRINITY_VENV": f"{theirs}{slash}", "TRINITY_HOME": str(tmp_path / "h")})

    assert (told.returncode, told.stderr) == (
        1,
        f"bin/run: {theirs} holds what Trinity did not make and would be emptied; "
        "set TRINITY_VENV to a new or empty folder, or unset it.\n",
    )
    assert contents(tmp_path) == before


def test_a_file_is_no_venv_either(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("of somebody")

    told = launch("run", {"TRINITY_VENV": str(tmp_path / "file"), "TRINITY_HOME": str(tmp_path)})

    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert contents(tmp_path) == {"file": "of somebody"}


def in_setup(script: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` with the launchers' own functions."""
    return subprocess.run(
        ["bash", "-c", f"COMMAND=x; . {ROOT}/bin/_setup.sh; {script}"],
        env=BARE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_venv_whose_installing_was_interrupted_is_still_trinitys(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()  # empty, so nobody's

    def prepare(then: str) -> int:
        return in_setup(
            f"require_room() {{ :; }}; sync_venv() {{ {then}; }}; "
            f"ensure_venv {sys.executable} {venv}"
        ).returncode

    assert prepare(f"touch {venv}/half; false") == 1
    assert prepare("exit 130") == 130  # Ctrl-C
    assert (venv / "half").exists()
    assert prepare("true") == 0
    assert prepare("false") == 0  # nothing is left to do


def test_a_venv_made_anew_is_trinitys_from_its_first_file_on(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "old").touch()
    (tmp_path / ".made-from").write_text("unfinished")

    told = in_setup(f"make_venv {sys.executable} {tmp_path}")

    assert told.returncode == 0, told.stderr
    assert (tmp_path / ".made-from").read_text() == "unfinished"
    assert (tmp_path / "bin" / "python").exists()
    assert not (tmp_path / "lib" / "old").exists()


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    told = launch("run", {"TRINITY_HOME": str(tmp_path / "file" / "home")})

    assert told.returncode == 1
    assert told.stderr.startswith("bin/run: ")
    assert "set TRINITY_HOME to a folder of your own" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_file_in_the_place_of_the_home_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    told = launch("sale", {"TRINITY_HOME": str(tmp_path / "file")})

    assert (told.returncode, told.stderr) == (
        1,
        f"bin/sale: {tmp_path}/file is not a folder that this user can write; "
        "set TRINITY_HOME to a folder of your own.\n",
    )


@pytest.mark.parametrize("name", ["run", "sale"])
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_asking_for_help_starts_nothing(name: str, word: str, tmp_path: Path) -> None:
    told = launch(name, {"TRINITY_HOME": str(tmp_path / "h")}, word)

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Usage: bin/{name}\n\n")
    assert len(told.stdout.splitlines()) > 3
    assert "COMMAND" not in told.stdout
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("name", ["run", "sale"])
def test_a_word_that_is_not_understood_starts_nothing(name: str, tmp_path: Path) -> None:
    told = launch(name, {"TRINITY_HOME": str(tmp_path / "h")}, "everything")

    assert told.returncode == 1
    assert told.stderr == (
        f"bin/{name}: there is nothing called everything here; "
        f"bin/{name} --help says what there is.\n"
    )
    assert not (tmp_path / "h").exists()


def manage(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=BARE | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [("doctor",), ("trace", "ord_1")])
def test_manage_before_the_first_run_is_one_sentence(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    told = manage({"TRINITY_HOME": str(tmp_path)}, *command)

    assert told.returncode == 1
    assert told.stderr.startswith("manage.py: SECRET_KEY and DATABASE_URL and REDIS_URL not set")
    assert "run bin/run once" in told.stderr
    assert told.stderr.count("\n") == 1


def test_manage_without_a_database_is_one_sentence(tmp_path: Path) -> None:
    env = {
        "TRINITY_HOME": str(tmp_path),
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": "postgresql://trinity@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    told = manage(env, "trace", "ord_1")

    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "manage.py: the database does not answer; start the stack with bin/run."
    ]


def test_continuous_integration_runs_bin_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'exec "$(dirname -- "${BASH_SOURCE[0]}")/../bin/test"'
    ]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def documented() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE))


def test_every_setting_is_documented_and_every_documented_one_is_used() -> None:
    read = re.compile(r'(?:\benv\.\w+|env\.get|environ\.get)\(\s*"([A-Z_]+)"')
    sources = [ROOT / "trinity" / "settings.py", *(ROOT / "trinity" / "stack").glob("*.py")]
    in_settings = set(read.findall(sources[0].read_text()))
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

    assert set(re.findall(r'"process", "(\w+)"', text)) == set(container.PROCESSES)
    assert passed_on - documented() == set()
    own = {"PORT", "DOORS_PORT", "DOORS_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"}
    assert documented() - passed_on - own == {
        *("DATABASE_AS_OWNER", "TRINITY_PROCESS"),
        *("TRINITY_HOME", "MCP_PORT", "SANDBOX_PORT", "OWNER_EMAIL", "SEAL_KEY_FILE", "SEALS_LOG"),
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


def test_a_server_has_what_its_code_imports() -> None:
    """Everything but what runs on one machine alone: the sandbox, the played sale."""
    server = {name for name, _ in PIN.findall((ROOT / LOCKS[1]).read_text())}
    homes = packages_distributions()
    imported = {
        name
        for package in ("kernel", "ledger", "crm", "fulfillment", "revenue", "console", "trinity")
        for path in (ROOT / package).rglob("*.py")
        if "trinity/sale" not in path.as_posix()
        for name in imports_of(path)
    }
    foreign = {home.lower() for name in imported for home in homes.get(name, [])}

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

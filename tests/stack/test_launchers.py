"""``bin/*`` and the files around them, as a newcomer or a server meets them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trinity.stack.home import ROOT

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

    result = launch(
        name, {"PATH": f"{tmp_path}:/usr/bin:/bin", "TRINITY_HOME": str(tmp_path / "h")}
    )

    assert result.returncode == 1
    assert result.stderr == (
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

    result = launch(
        "run", {"PATH": f"{tmp_path}:/usr/bin:/bin", "TRINITY_HOME": str(tmp_path / "h")}
    )

    assert (result.returncode, result.stderr) == (
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
    result = launch(name, env | {"TRINITY_HOME": str(tmp_path / "h")}, cwd=tmp_path)

    assert result.returncode == 1
    assert result.stderr.startswith(f"bin/{name} refuses to run with ")
    assert result.stderr.count("\n") == 1
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

    result = launch(
        "run", {"TRINITY_VENV": f"{theirs}{slash}", "TRINITY_HOME": str(tmp_path / "h")}
    )

    assert (result.returncode, result.stderr) == (
        1,
        f"bin/run: {theirs} holds what Trinity did not make and would be emptied; "
        "set TRINITY_VENV to a new or empty folder, or unset it.\n",
    )
    assert contents(tmp_path) == before


def test_a_file_is_no_venv_either(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("of somebody")

    result = launch("run", {"TRINITY_VENV": str(tmp_path / "file"), "TRINITY_HOME": str(tmp_path)})

    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
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

    result = in_setup(f"make_venv {sys.executable} {tmp_path}")

    assert result.returncode == 0, result.stderr
    assert (tmp_path / ".made-from").read_text() == "unfinished"
    assert (tmp_path / "bin" / "python").exists()
    assert not (tmp_path / "lib" / "old").exists()


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = launch("run", {"TRINITY_HOME": str(tmp_path / "file" / "home")})

    assert result.returncode == 1
    assert result.stderr.startswith("bin/run: ")
    assert "set TRINITY_HOME to a folder of your own" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_in_the_place_of_the_home_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = launch("sale", {"TRINITY_HOME": str(tmp_path / "file")})

    assert (result.returncode, result.stderr) == (
        1,
        f"bin/sale: {tmp_path}/file is not a folder that this user can write; "
        "set TRINITY_HOME to a folder of your own.\n",
    )


@pytest.mark.parametrize("name", ["run", "sale"])
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_asking_for_help_starts_nothing(name: str, word: str, tmp_path: Path) -> None:
    result = launch(name, {"TRINITY_HOME": str(tmp_path / "h")}, word)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: bin/{name}\n\n")
    assert len(result.stdout.splitlines()) > 3
    assert "COMMAND" not in result.stdout
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("name", ["run", "sale"])
def test_a_word_that_is_not_understood_starts_nothing(name: str, tmp_path: Path) -> None:
    result = launch(name, {"TRINITY_HOME": str(tmp_path / "h")}, "everything")

    assert result.returncode == 1
    assert result.stderr == (
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
    result = manage({"TRINITY_HOME": str(tmp_path)}, *command)

    assert result.returncode == 1
    assert result.stderr.startswith("manage.py: SECRET_KEY and DATABASE_URL and REDIS_URL not set")
    assert "run bin/run once" in result.stderr
    assert result.stderr.count("\n") == 1


def test_manage_without_a_database_is_one_sentence(tmp_path: Path) -> None:
    env = {
        "TRINITY_HOME": str(tmp_path),
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": "postgresql://trinity@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    result = manage(env, "trace", "ord_1")

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "manage.py: the database does not answer; start the stack with bin/run."
    ]


def test_continuous_integration_runs_bin_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'exec "$(dirname -- "${BASH_SOURCE[0]}")/../bin/test"'
    ]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

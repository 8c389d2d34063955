"""``manage.py`` as a shell meets it: stopped in the middle, read by ``head``, given no text."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from trinity.stack.home import ROOT

ENDS_WITHIN_S = 60


def environment(home: Path, *, database_port: int = 1) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "TRINITY_HOME": str(home),
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": f"postgresql://trinity@127.0.0.1:{database_port}/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def started(
    env: dict[str, str], *arguments: str | bytes, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=env,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_is_one_sentence_and_the_exit_code_of_an_interrupt(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # else it is inherited
    with socket.create_server(("127.0.0.1", 0)) as database:  # takes calls and says nothing
        database.settimeout(ENDS_WITHIN_S)
        try:
            env = environment(tmp_path, database_port=database.getsockname()[1])
            process = started(env, "trace", "ord_1")
        finally:
            signal.signal(signal.SIGINT, before)
        waiting, _ = database.accept()
        with waiting:  # who hears that nobody listens says that instead
            process.send_signal(signal.SIGINT)
            _, output = process.communicate(timeout=ENDS_WITHIN_S)

    assert output == "manage.py: stopped. What was recorded stays.\n"
    assert process.returncode == 130


def test_ctrl_c_while_it_is_still_being_imported_is_no_traceback(tmp_path: Path) -> None:
    """Django alone takes a good part of a second."""
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text(
        "import os, time\nos.write(1, b'importing')\ntime.sleep(60)\n"
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = started(environment(tmp_path) | {"PYTHONPATH": str(tmp_path)}, "check")
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    assert process.stdout.read(9) == "importing"

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=ENDS_WITHIN_S)

    assert (told, process.returncode) == ("", -signal.SIGINT)


def test_a_reader_that_goes_away_ends_a_command_in_silence(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)

    process = started(environment(tmp_path), "help", stdout=writes)
    os.close(writes)
    _, output = process.communicate(timeout=ENDS_WITHIN_S)

    assert (output, process.returncode) == ("", 141)


@pytest.mark.parametrize("module", ["trinity.sale", "trinity.sbom", "benchmarks"])
def test_the_other_programs_end_in_silence_too(module: str, tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    output = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT,
        env=environment(tmp_path) | {"TRINITY_HOME": str(tmp_path / "missing"), "PORT": "x"},
        stdout=writes,
        stderr=subprocess.PIPE,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    os.close(writes)

    assert (output.stderr, output.returncode) == ("", 141)


def test_an_argument_that_is_no_text_is_refused_in_one_sentence(tmp_path: Path) -> None:
    process = started(environment(tmp_path), "erase_subject", b"\xff@example.org")
    _, output = process.communicate(timeout=ENDS_WITHIN_S)

    assert output == "manage.py: an argument is not valid UTF-8; type it anew.\n"
    assert process.returncode == 1


def test_a_benchmark_that_does_not_exist_is_named_beside_those_that_do(tmp_path: Path) -> None:
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )

    assert output.returncode == 2
    assert "there is no benchmark nonsense; there are filing, " in output.stderr

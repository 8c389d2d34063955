"""The adapter against the real Hermes: what the port promises, and what its process knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fulfillment.adapters.hermes import HermesRuntime
from fulfillment.ports import RuntimeAway, RuntimeRefused, Work
from tests.contracts.hermes_process import KEY, MODEL_KEY, SEAT, Running, running_hermes, until

WORDS = "Run K7F3: call read_task first."


@pytest.fixture(scope="module")
def hermes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_hermes(tmp_path_factory.mktemp("hermes")) as running:
        yield running


@pytest.fixture(autouse=True)
def _answers_at_once(hermes: Running) -> None:
    hermes.script.may_answer.set()
    hermes.script.asked.clear()


def work_of(hermes: Running, name: str, session: str) -> Work:
    return hermes.runtime.status(name, session=session, lane="lane1").work


def test_it_has_no_tools_no_skills_and_no_memory(hermes: Running) -> None:
    assert hermes.runtime.faults() == []


def test_a_turn_is_done_known_by_its_session_counted_and_forgotten(hermes: Running) -> None:
    name = hermes.runtime.start(lane="lane1", session="turn_a", words=WORDS)
    until(lambda: work_of(hermes, name, "turn_a") == Work.COMPLETED, 60)

    assert hermes.runtime.is_known("turn_a", lane="lane1")
    assert not hermes.runtime.is_known("turn_never", lane="lane1")
    assert hermes.runtime.status(name, session="turn_a", lane="lane1").tokens == 12
    [asked] = hermes.script.asked
    assert asked["messages"][-1] == {"role": "user", "content": WORDS}
    assert not asked.get("tools")

    hermes.runtime.forget("turn_a", lane="lane1")
    hermes.runtime.forget("turn_a", lane="lane1")
    assert not hermes.runtime.is_known("turn_a", lane="lane1")


def test_a_turn_is_stopped_while_its_model_hangs(hermes: Running) -> None:
    hermes.script.may_answer.clear()
    name = hermes.runtime.start(lane="lane1", session="turn_b", words=WORDS)
    until(lambda: hermes.script.asked, 60)
    assert work_of(hermes, name, "turn_b") == Work.GOING

    hermes.runtime.stop(name)

    until(lambda: work_of(hermes, name, "turn_b").is_over, 30)
    assert work_of(hermes, name, "turn_b") == Work.CANCELLED
    hermes.runtime.stop(name)  # what is over is stopped already


def test_what_it_does_not_know_is_gone(hermes: Running) -> None:
    assert work_of(hermes, "run_of_before_a_kill", "turn_c") == Work.GONE


def test_another_key_is_refused_and_nobody_there_is_away(hermes: Running) -> None:
    address = str(hermes.runtime._client.base_url)
    stranger = HermesRuntime(address=address, key="another-key-0123456789", lanes=1, timeout_s=5)
    nowhere = HermesRuntime(address="http://127.0.0.1:9", key=KEY, lanes=1, timeout_s=5)

    with pytest.raises(RuntimeRefused, match="key_refused"):
        stranger.faults()
    with pytest.raises(RuntimeAway):
        nowhere.faults()


def test_its_process_finds_no_secret_in_environment_or_arguments(hermes: Running) -> None:
    proc = Path(f"/proc/{hermes.process.pid}")
    environment = (proc / "environ").read_bytes()
    names = {each.split(b"=", 1)[0] for each in environment.split(b"\0") if each}

    assert names == {
        *(b"PATH", b"LANG", b"HERMES_HOME", b"HOME", b"TRINITY_HOME", b"PYTHONUNBUFFERED"),
    }
    for secret in (KEY, MODEL_KEY, SEAT):
        assert secret.encode() not in environment + (proc / "cmdline").read_bytes()


def test_its_files_are_its_own_and_its_keys_stand_in_its_settings_alone(hermes: Running) -> None:
    secrets = (KEY.encode(), MODEL_KEY.encode(), SEAT.encode())
    files = [path for path in hermes.folder.rglob("*") if path.is_file()]
    holding = {
        path.name for path in files if any(secret in path.read_bytes() for secret in secrets)
    }

    assert holding <= {"config.yaml", "auth.json"}
    assert list((hermes.folder / "empty").iterdir()) == []
    assert (hermes.folder / "home").stat().st_mode & 0o077 == 0

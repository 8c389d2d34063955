"""What is decided before anything starts."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from trinity.stack import Ports, StackError, dotenv, plan, words
from trinity.stack.home import ROOM_BYTES_MIN, Home, claim_folder, fits_a_socket, require_room

PORTS = Ports(web=8000, doors=8003, mcp=8001, sandbox=8002)
STORES = {"DATABASE_URL": "postgresql://here", "REDIS_URL": "unix:///here"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def make(env: dict[str, str], home: Home) -> plan.Plan:
    return plan.make(env, home=home, ports=PORTS, stores=STORES)


def test_without_a_provider_the_sandbox_answers(home: Home) -> None:
    made = make({}, home)

    assert made.mode == "sandbox"
    assert made.env["STRIPE_API_BASE"] == "http://127.0.0.1:8002"
    assert made.env["STRIPE_SECRET_KEY"].startswith("sk_sandbox_")
    assert made.env["SANDBOX_WEB_URL"] == "http://127.0.0.1:8002"
    assert made.env["SEARCH_URL"] == "http://127.0.0.1:8002/web"
    assert make({"SEARCH_URL": "http://b"}, home).env["SEARCH_URL"] == "http://b"
    assert made.sandbox().env["SANDBOX_STRIPE_KEY"] == made.env["STRIPE_SECRET_KEY"]
    assert made.sandbox().env["SANDBOX_WEBHOOK_SECRET"] == made.env["STRIPE_WEBHOOK_SECRETS"]
    assert made.addresses == {
        "web": "http://localhost:8000",
        "doors": "http://127.0.0.1:8003",
        "mcp": "http://localhost:8001/mcp",
        "sandbox": "http://127.0.0.1:8002",
    }


def test_a_test_key_replaces_the_sandbox(home: Home) -> None:
    made = make({"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRETS": "whsec_1"}, home)

    assert (made.mode, made.has_sandbox) == ("test", False)
    assert made.addresses == {
        "web": "http://localhost:8000",
        "doors": "http://127.0.0.1:8003",
        "mcp": "http://localhost:8001/mcp",
    }
    assert "STRIPE_API_BASE" not in made.env


def test_secrets_are_made_once_and_private(home: Home) -> None:
    first, second = make({}, home), make({}, home)

    assert first.env == second.env
    assert stat.S_IMODE((home.path / "secret-key").stat().st_mode) == 0o600
    assert len({home.secret(name) for name in ("one", "two")}) == 2


def test_the_owners_address_is_known_to_the_preparation_alone(home: Home) -> None:
    stores = {**STORES, "MIGRATION_DATABASE_URL": "postgresql://owner"}
    made = plan.make({}, home=home, ports=PORTS, stores=stores)

    assert made.preparation().env["MIGRATION_DATABASE_URL"] == "postgresql://owner"
    for program in (made.sandbox(), made.web(), *made.background()):
        assert "MIGRATION_DATABASE_URL" not in program.env


def test_no_secret_is_told_as_an_argument(home: Home) -> None:
    made = make({}, home)
    programs = [made.sandbox(), made.preparation(), made.web(), *made.background()]

    filled = " ".join(part for program in programs for part in program.argv)
    for name in ("SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"):
        assert made.env[name] not in filled
    assert home.secret("owner-password") not in str(programs)


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRETS": "w"}, "TRINITY_MODE=live"),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "STRIPE_WEBHOOK_SECRETS is empty"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, "without STRIPE_SECRET_KEY"),
        ({"TRINITY_MODE": "live"}, "not a live key"),
    ],
)
def test_what_disagrees_stops_before_anything_starts(env: dict[str, str], word: str) -> None:
    with pytest.raises(StackError, match=word):
        plan.require_consistent(env)


def test_the_password_is_said_once(home: Home) -> None:
    made = make({}, home)

    first = words.welcome(made, password="abc", took_s=1.0)
    later = words.welcome(made, password=None, took_s=1.0)

    assert "owner@trinity.localhost, password abc" in first
    assert "first password in " in later
    assert "owner-password" in later
    assert "http://localhost:8000/" in later
    assert "4242 4242 4242 4242" in later
    assert "no real money" in later


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80 80"])
def test_what_is_not_a_port_is_refused(text: str) -> None:
    with pytest.raises(StackError, match="is not a port"):
        Ports.of({"PORT": text})


def test_four_processes_need_four_ports() -> None:
    for env in ({"PORT": "8001"}, {"PORT": "9000", "DOORS_PORT": "9000"}):
        with pytest.raises(StackError, match="four different numbers"):
            Ports.of(env)


def test_stripes_door_is_three_after_the_pages_or_the_next_free_one() -> None:
    free = Ports.free().web
    env = {"PORT": str(free - 3), "MCP_PORT": "1025", "SANDBOX_PORT": "1026"}

    assert Ports.of(env).doors == free
    assert Ports.of(env | {"SANDBOX_PORT": str(free)}).doors > free
    assert Ports.of(env | {"DOORS_PORT": "1027"}).doors == 1027
    with socket.create_server(("127.0.0.1", free)):
        assert Ports.of(env).doors > free


def test_what_the_sandbox_posts_goes_to_stripes_door(home: Home) -> None:
    made = make({}, home)

    posts_to = made.sandbox().env["SANDBOX_WEBHOOK_URL"]
    assert posts_to == f"http://127.0.0.1:{made.ports.doors}/webhooks/stripe"
    assert posts_to in words.welcome(made, password=None, took_s=1.0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_named_with_a_way_out(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        ports = Ports(web=taken.getsockname()[1], doors=1024, mcp=1025, sandbox=1026)

        with pytest.raises(
            StackError, match=rf"Port {ports.web} is in use .* PORT={ports.web + 10}"
        ):
            ports.require_free(names=("PORT",))


def test_a_full_disk_is_named_with_a_way_out(tmp_path: Path) -> None:
    require_room(tmp_path, bytes_free=ROOM_BYTES_MIN)
    with pytest.raises(StackError, match=r"is full \(3 MB free.*make room"):
        require_room(tmp_path, bytes_free=3 * 2**20)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="set TRINITY_HOME"):
        Home(tmp_path / "file").prepare()


def test_only_one_stack_holds_a_home(home: Home) -> None:
    home.write_state({"addresses": {"web": "http://localhost:8000"}})
    said = r"already runs in .* at http://localhost:8000"
    with home.lock(), pytest.raises(StackError, match=said):
        home.lock().__enter__()
    with home.lock():
        pass


def test_sockets_move_to_tmp_where_the_path_is_too_long_or_odd(tmp_path: Path) -> None:
    assert not fits_a_socket(Path("/") / ("x" * 94))
    assert fits_a_socket(Path("/") / ("x" * 92))
    assert not fits_a_socket(tmp_path / "a b")
    assert Home(tmp_path / "a b").socket_folder().parent == Path("/tmp")
    assert Home(tmp_path / "a b").socket_folder() != Home(tmp_path / "a c").socket_folder()


def test_a_link_in_tmp_is_not_taken_for_our_folder(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    owner = tmp_path.stat()
    with pytest.raises(StackError, match="belongs to somebody else"):
        claim_folder(tmp_path / "link", uid=owner.st_uid, gid=owner.st_gid)


def test_dotenv_adds_and_never_overrides(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\nA=1\nexport B = 'two words'\nC=three # why\nnot a line\nD=\"x#y\"\n"
    )

    assert dotenv.merged({"A": "kept"}, file=tmp_path / ".env") == {
        "A": "kept",
        "B": "two words",
        "C": "three",
        "D": "x#y",
    }
    assert dotenv.read(tmp_path / "none") == {}


def test_manage_finds_the_stack_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / ".trinity").mkdir()
    (tmp_path / ".trinity" / "env").write_text("DATABASE_URL=stack\nPORT=8000\n")
    found, filled = {"PORT": "9000"}, {"DATABASE_URL": "mine"}

    dotenv.fill_from_stack(found, root=tmp_path)
    dotenv.fill_from_stack(filled, root=tmp_path)

    assert found == {"DATABASE_URL": "stack", "PORT": "9000"}
    assert filled == {"DATABASE_URL": "mine"}

"""What the environment of a process holds stays there: no row, key, log or file has a copy.

A whole stack is asked everything that may keep something of a request: pages that need a login or
a proof, by strangers and by members, pages that fail. Then every place where a stack keeps things
is searched for each secret, as it is, in base64, and inside what is packed or signed.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import redis
from psycopg import sql

from tests.chaos.shop import children_of
from tests.prepared import running_again
from tests.trinity.endpoints import ENDPOINTS
from trinity.stack import Stack
from trinity.stack.secrets import OF, SECRETS

pytestmark = pytest.mark.slow

PLANTED = {
    "EMAIL_URL": "smtp+tls://postman:planted-mail-password-7f3a@127.0.0.1:9",
    "DEPLOY_TOKEN": "planted-token-of-somebody-else-51c2",
}
NAMES = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY\b|_URL\b")
# Where a stack is meant to keep its secrets: files that only its user can read. What stands in for
# Stripe knows the keys that it gave out.
KEY_FILES = re.compile(r"(secret|password|key|token)[^/]*$|^env$|^sandbox/")
RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
DEPTH_MAX = 3


def secrets_of(pid: int) -> dict[str, bytes]:
    """Return what a process's environment holds that nobody else may know."""
    found = {}
    for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        name, _, value = line.partition(b"=")
        if not NAMES.search(name.decode()):
            continue
        if b"://" in value:
            value = (urlsplit(value.decode()).password or "").encode()
        if len(value) >= 12:
            found[name.decode()] = value
    return found


def spellings(secret: bytes) -> list[bytes]:
    """Return how a secret can stand in a text: as it is, or in base64 at each of three places."""
    found = [secret, secret.hex().encode()]
    for before in range(3):
        packed = base64.b64encode(b"x" * before + secret)
        # What depends on the neighbours is cut off.
        inner = packed[(0, 2, 3)[before] : len(packed) // 4 * 4 - 4]
        found += [inner, inner.translate(bytes.maketrans(b"+/", b"-_"))]
    return found


def unpacked(text: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield ``text``, and what is signed, packed or encoded in it."""
    yield text
    if depth == DEPTH_MAX:
        return
    for run in RUN.findall(text):
        for inner in _decoded(run):
            yield from unpacked(inner, depth + 1)


def _decoded(run: bytes) -> Iterator[bytes]:
    plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        found = base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except binascii.Error:
        return
    try:
        yield zlib.decompress(found)
    except zlib.error:
        if sum(32 <= byte < 127 for byte in found) > 0.9 * len(found):
            yield found


def holds(texts: Iterable[bytes], secrets: Iterable[bytes]) -> bool:
    wanted = [each for secret in secrets for each in spellings(secret)]
    return any(each in text for text in texts for each in wanted)


def rows(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield every row of every table as text."""
    address = stack.env.get("MIGRATION_DATABASE_URL", stack.env["DATABASE_URL"])  # the owner's
    with psycopg.connect(address) as database:
        tables = database.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL("SELECT row::text FROM {} AS row").format(sql.Identifier(schema, table))
            for (row,) in database.execute(query):
                yield f"table {table}", row.encode()


def keys(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield every key of every database of the broker, with what it holds."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as first:
        numbers = [int(name.removeprefix("db")) for name in first.info("keyspace")]
    for number in numbers:
        with redis.Redis.from_url(re.sub(r"\d+$", str(number), stack.env["REDIS_URL"])) as store:
            for key in store.scan_iter("*"):
                yield "redis", key + b" " + str(_value(store, key)).encode()


def _value(store: redis.Redis, key: bytes) -> object:
    read = {
        b"string": store.get,
        b"hash": store.hgetall,
        b"list": lambda name: store.lrange(name, 0, -1),
        b"set": store.smembers,
        b"zset": lambda name: store.zrange(name, 0, -1, withscores=True),
    }
    return read.get(store.type(key), lambda _: b"")(key)


def files(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the home but those that are there to hold a secret."""
    home = stack.home.path
    for path in home.rglob("*"):
        name = str(path.relative_to(home))
        if path.is_file() and not path.is_symlink() and not KEY_FILES.search(name):
            yield name, path.read_bytes()


def ask_everything(client: httpx.Client) -> None:
    """Send a form to each endpoint, and open it: as nobody, and as whoever is logged in."""
    for endpoint in ENDPOINTS:
        if "logout" in endpoint.route:
            continue
        token = {"csrfmiddlewaretoken": client.cookies.get(_token_name(client), "")}
        for method in ("GET", "POST"):
            client.request(method, endpoint.address, data=token if method == "POST" else None)


def _token_name(client: httpx.Client) -> str:
    return next((name for name in client.cookies if "csrf" in name), "")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_again(home=tmp_path_factory.mktemp("kept") / "home", env=PLANTED) as started:
        yield started


def test_a_secret_is_found_however_it_was_packed() -> None:
    secret = b"planted-secret-of-a-process-1234"
    texts = [b'{"META": "' + b"." * before + secret + b'"}' for before in range(4)]
    packed = [*texts, *map(base64.b64encode, texts)]
    packed += [b"." + base64.urlsafe_b64encode(zlib.compress(text)).rstrip(b"=") for text in texts]

    rows = [b"session_key " + each + b":1wX:sig" for each in packed]

    assert [holds(unpacked(row), [secret]) for row in rows] == [True] * 12
    assert not holds(unpacked(base64.b64encode(b"nothing of the kind" * 9)), [secret])


def test_each_process_gets_only_the_secrets_that_it_needs(stack: Stack) -> None:
    """Read off the running processes themselves, their children included."""
    for name, pid in stack.pids().items():
        if name not in OF:
            continue  # Postgres and Valkey
        for each in (pid, *children_of(pid)):
            had = {
                line.split(b"=", 1)[0].decode()
                for line in Path(f"/proc/{each}/environ").read_bytes().split(b"\0")
            }
            assert had & SECRETS <= OF[name], name
        assert OF[name] & {"REDIS_URL"} <= had, name


def test_nothing_that_a_stack_keeps_holds_a_secret_of_its_environment(stack: Stack) -> None:
    found = secrets_of(stack.pids()["web"])
    assert {"SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", *PLANTED} <= set(found)
    with httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as client:
        client.get("/accounts/login/")
        ask_everything(client)
        token = client.cookies.get(_token_name(client), "")
        answer = client.post(
            "/accounts/login/",
            data={
                "login": stack.owner_email,
                "password": stack.owner_password,
                "csrfmiddlewaretoken": token,
            },
        )
        assert answer.status_code == 302, answer.text[:500]
        ask_everything(client)

    kept = [(place, [*unpacked(text)]) for place, text in (*rows(stack), *keys(stack))]
    # Postgres' own files are what the rows were read from; what lies deleted in them is not packed.
    kept += [
        (place, [text] if place.startswith("postgres/") else [*unpacked(text)])
        for place, text in files(stack)
    ]
    assert {"table django_session", "log/web.log"} <= {place for place, _ in kept}
    held = {
        (name, place)
        for place, texts in kept
        for name, secret in found.items()
        if holds(texts, [secret])
    }

    assert held == set()

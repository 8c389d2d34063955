"""Stripe's door as it is served: by ``doors``, and by ``web`` ahead of Django."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from django.conf import settings
from django.db import connection, connections

from revenue.models import EventRepeat, StripeWebhookEvent
from tests.factories.revenue import event_body
from tests.owner import as_owner
from tests.trinity.serving.serving import Served, served, split

pytestmark = pytest.mark.django_db(transaction=True)
LATER_S_MAX = 20.0


def body_of(number: int) -> bytes:
    made = json.loads(event_body("payout.paid", {"id": f"po_{number}", "object": "payout"}))
    return json.dumps(made | {"id": f"evt_{number}"}).encode()


def post(body: bytes, *, secret: str | None = None, path: str = "/webhooks/stripe") -> bytes:
    signature = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret or settings.STRIPE_WEBHOOK_SECRETS[0]
    )
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nStripe-Signature: {signature}\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture(params=["doors", "web"])
def server(request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(request.param)
    return found


def filed() -> set[str]:
    return set(StripeWebhookEvent.objects.values_list("stripe_id", flat=True))


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/webhooks/stripe/"])
def test_a_signed_event_is_filed(server: Served, path: str) -> None:
    assert split(server.ask(post(body_of(1), path=path))) == (200, b"")
    assert bytes(StripeWebhookEvent.objects.get().body) == body_of(1)


def test_a_delivery_in_chunks_is_filed(server: Served) -> None:
    head, _, body = post(body_of(1)).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    answers = server.ask(
        b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n" + chunks
    )

    assert (split(answers)[0], filed()) == (200, {"evt_1"})


def test_a_forged_delivery_is_refused(server: Served) -> None:
    assert split(server.ask(post(body_of(1), secret="whsec_other")))[0] == 400
    assert filed() == set()


def test_other_methods_are_not_allowed(server: Served) -> None:
    answer = server.ask(b"GET /webhooks/stripe HTTP/1.0\r\nHost: localhost\r\n\r\n")

    assert split(answer)[0] == 405
    assert b"allow: POST" in answer


def test_many_at_once_are_all_filed_and_repeats_counted(server: Served) -> None:
    """Sixty deliveries of twenty events, three of each, over as many connections."""
    requests = [post(body_of(number % 20)) for number in range(60)]

    with ThreadPoolExecutor(30) as pool:
        statuses = [split(answer)[0] for answer in pool.map(server.ask, requests)]

    assert statuses == [200] * 60
    assert filed() == {f"evt_{number}" for number in range(20)}
    assert sorted(EventRepeat.objects.values_list("times", flat=True)) == [2] * 20


def test_nothing_is_acknowledged_before_it_is_committed(server: Served) -> None:
    """With the table locked the door cannot commit, and so it may not answer."""
    other = connections.create_connection("default")
    waiting = [server.connect() for _ in range(5)]
    try:
        with other.cursor() as cursor:
            cursor.execute("SET ROLE NONE")  # as the owner of the table may
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE revenue_stripewebhookevent")
            for number, each in enumerate(waiting):
                each.sendall(post(body_of(number)))
            time.sleep(1)
            for each in waiting:
                each.setblocking(False)
                with pytest.raises(BlockingIOError):
                    each.recv(1)
    finally:
        other.close()

    for each in waiting:
        each.settimeout(LATER_S_MAX)
        assert each.recv(100).startswith(b"HTTP/1.1 200 ")
    assert len(filed()) == 5


def end_all_backends_but_ours() -> None:
    """What a restart of Postgres does to the connections that doors keep."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()
    connection.close_pool()  # what lies idle in this process's own is among them


def test_lost_connections_cost_no_delivery(server: Served) -> None:
    for number in range(4):
        assert split(server.ask(post(body_of(number))))[0] == 200
    end_all_backends_but_ours()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(server.ask, [post(body_of(number)) for number in range(4, 24)]))

    assert [split(answer)[0] for answer in answers] == [200] * 20
    assert len(filed()) == 24


def test_the_door_says_that_it_lives(doors: Served) -> None:
    assert doors.get("/healthz") == (200, b'{"status": "ok"}')


@pytest.mark.parametrize("path", ["/", "/console/", "/readyz", "/webhooks/other", "/static/"])
def test_the_door_opens_to_nothing_else(doors: Served, path: str) -> None:
    assert doors.get(path) == (404, b"")


def test_half_sent_deliveries_hold_no_other_up(server: Served) -> None:
    halves: list[socket.socket] = []
    for number in range(24):
        made = server.connect()
        made.sendall(post(body_of(number))[:-5])
        halves.append(made)
    began = time.monotonic()

    assert split(server.ask(post(body_of(100))))[0] == 200
    assert time.monotonic() - began < 5
    assert filed() == {"evt_100"}


def test_a_slow_page_holds_up_no_delivery(web: Served) -> None:
    """The pages' threads are all taken; web's own route for Stripe needs none of them."""
    pages = [threading.Thread(target=web.get, args=("/slow",)) for _ in range(24)]
    for page in pages:
        page.start()
    began = time.monotonic()
    status = split(web.ask(post(body_of(1))))[0]
    took = time.monotonic() - began
    for page in pages:
        page.join()

    assert status == 200
    assert took < 1.5


@pytest.fixture(scope="module")
def doors_without_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    env = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    with served("doors", folder=tmp_path_factory.mktemp("alone"), env=env) as running:
        yield running


def test_without_postgres_stripe_is_asked_to_come_again(doors_without_postgres: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(doors_without_postgres.ask, [post(body_of(n)) for n in range(8)]))

    assert [split(answer)[0] for answer in answers] == [503] * 8
    assert doors_without_postgres.get("/healthz")[0] == 200


def test_a_forged_delivery_asks_no_database(doors_without_postgres: Served) -> None:
    """There is none to ask, and the answer is the same."""
    assert split(doors_without_postgres.ask(post(b"{}", secret="whsec_other")))[0] == 400

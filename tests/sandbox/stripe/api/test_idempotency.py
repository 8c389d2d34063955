"""Idempotency keys: one effect and one answer per key."""

import threading
import time

import httpx
import pytest
import stripe

from tests.sandbox.running_sandbox import KEY, NO_TLS, RunningSandbox


def post(sandbox: RunningSandbox, key: str, path: str = "/v1/products", **form: str):
    return httpx.post(
        f"{sandbox.base}{path}",
        auth=(KEY, ""),
        headers={"Idempotency-Key": key},
        data=form,
        timeout=60,
        verify=NO_TLS,
    )


def test_the_same_request_gets_the_same_answer(sandbox: RunningSandbox) -> None:
    first = post(sandbox, "same", name="Once")

    again = post(sandbox, "same", name="Once")

    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["original-request"] == first.headers["request-id"]


def test_other_parameters_with_the_same_key_are_an_error(sandbox: RunningSandbox) -> None:
    sandbox.open_session(key="checkout-1")

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        sandbox.open_session(key="checkout-1", locale="de")


def test_another_endpoint_with_the_same_key_is_an_error(sandbox: RunningSandbox) -> None:
    post(sandbox, "elsewhere", name="x")

    answer = post(sandbox, "elsewhere", path="/v1/prices", name="x")

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "idempotency_error"


def test_a_refused_request_does_not_use_up_its_key(sandbox: RunningSandbox) -> None:
    assert post(sandbox, "try-again").status_code == 400

    assert post(sandbox, "try-again", name="Now with a name").status_code == 200


def test_a_server_error_is_replayed_too(sandbox: RunningSandbox) -> None:
    sandbox.control(
        "faults", target="api", path="/v1/products", effect="status", status=500, count=1
    )

    first, again = (post(sandbox, "broken", name="x") for _ in range(2))

    assert (first.status_code, again.status_code) == (500, 500)
    assert again.headers["idempotent-replayed"] == "true"
    assert post(sandbox, "fresh", name="x").status_code == 200


def test_two_at_once_with_one_key_make_one_thing(sandbox: RunningSandbox) -> None:
    sandbox.control("faults", target="api", path="/v1/products", effect="delay", delay_ms=3000)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(sandbox, "race", name="Race")))
        for _ in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"


def test_the_sdks_own_retries_end_in_one_effect(sandbox: RunningSandbox) -> None:
    sandbox.control(
        "faults", target="api", path="/v1/products", effect="timeout_after_success", hang_ms=0,
        count=1,
    )  # fmt: skip
    name = f"Retried {time.time()}"

    made = sandbox.client(retries=2).products.create({"name": name})

    found = sandbox.client().products.list({"limit": 100}).data
    assert [each.id for each in found if each.name == name] == [made.id]


def test_keys_are_not_longer_than_255_characters(sandbox: RunningSandbox) -> None:
    assert post(sandbox, "k" * 256, name="x").status_code == 400

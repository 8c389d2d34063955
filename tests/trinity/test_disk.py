"""What a visitor sends is never kept because it was sent: no file, form or session."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from kernel.permissions import BODY_BYTES_MAX, body_bytes_max
from tests.factories.people import client_of, make_person
from tests.trinity.test_endpoints import ENDPOINTS, PUBLIC, Endpoint, by_route

pytestmark = pytest.mark.django_db
LONG = "x" * 5_000
TYPED = dict.fromkeys(("next", "login", "password", "email", "words", "q", "session_id"), LONG)
MORE = {  # by route
    "console/offers/new/": 192 * 1024,
    "console/offers/<str:reference>/": 192 * 1024,
    "console/purchases/<str:reference>/bought/": (5 * 1024 + 64) * 1024,  # with a file
    "console/purchases/<str:reference>/receipt/": (5 * 1024 + 64) * 1024,
    "webhooks/stripe": 1024 * 1024 + 1,
    "webhooks/stripe/": 1024 * 1024 + 1,
}


def test_a_stranger_leaves_no_session_row() -> None:
    left = []
    for endpoint in ENDPOINTS:
        client, known = Client(), Session.objects.count()
        cache.clear()  # nobody is turned away for having asked often
        client.get(endpoint.address, {"next": f"/{LONG[:2000]}"})
        client.post(endpoint.address, TYPED)
        if Session.objects.count() > known:
            left.append(endpoint.route)

    assert left == []


def test_asking_for_a_passkey_keeps_no_row_either(client: Client) -> None:
    said = client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})

    assert said.json()["request_options"]["publicKey"]["challenge"]
    assert not Session.objects.exists()


def test_how_much_a_page_takes_is_said() -> None:
    takes = {endpoint.route: body_bytes_max(endpoint.view) for endpoint in ENDPOINTS}

    assert {route: size for route, size in takes.items() if size != BODY_BYTES_MAX} == MORE


@pytest.mark.parametrize("endpoint", PUBLIC, ids=by_route)
def test_more_than_a_page_takes_is_refused_unread(endpoint: Endpoint, client: Client) -> None:
    most = body_bytes_max(endpoint.view)

    said = client.post(
        endpoint.address, b"a=" + b"x" * most, content_type="application/x-www-form-urlencoded"
    )

    assert said.status_code == 413


def test_a_person_reads_why_a_form_was_refused() -> None:
    said = client_of(make_person("owner")).post("/console/people/invite/", {"email": "x" * 100_000})

    assert said.status_code == 413
    assert b"That was too much text" in said.content
    assert b"Nothing was saved" in said.content


def test_a_file_is_refused_and_never_reaches_the_disk(tmp_path: Path) -> None:
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        said = Client().post(
            "/request/", {"name": "Ada", "file": SimpleUploadedFile("a.bin", b"x" * 40_000)}
        )

    assert said.status_code == 400
    assert list(tmp_path.iterdir()) == []

"""What an owner sees of a document before its release."""

from __future__ import annotations

import re

import pytest

from tests.factories.people import client_of, make_person
from tests.fulfillment.handing_in import handed_in, request_about

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_statement_stands_beside_the_words_that_it_rests_on() -> None:
    deliverable = handed_in()
    client = client_of(make_person("owner"))

    html = client.get(f"/console/deliverables/{deliverable.reference}/").content.decode()

    assert "A snapshot waits for its release" in html
    marked = re.findall(r"<mark>(.*?)</mark>", html)
    assert "71 % left when a form asked for bank details before a first talk" in marked
    assert f"/console/approvals/{request_about(deliverable).reference}/" in html
    assert "No model has judged this text" in html
    assert deliverable.page_sha256 in html


def test_the_owner_reads_the_very_bytes() -> None:
    deliverable = handed_in()
    client = client_of(make_person("owner"))
    deliverable.refresh_from_db()

    page = client.get(f"/console/deliverables/{deliverable.reference}/page/")
    pdf = client.get(f"/console/deliverables/{deliverable.reference}.pdf")

    assert (page.content, pdf.content) == (bytes(deliverable.page), bytes(deliverable.pdf))
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha")


def test_the_sample_is_shown_to_anybody_and_says_what_it_is() -> None:
    client = client_of(make_person("auditor"))
    page = client.get("/sample-snapshot/")

    assert "Sample. The company and its sources are made up" in page.content.decode()
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha")
    assert client.get("/sample-snapshot.pdf").content.startswith(b"%PDF-")


def test_the_request_leads_to_the_document_and_says_what_refusing_does() -> None:
    deliverable = handed_in()
    request = request_about(deliverable)
    client = client_of(make_person("owner"))

    html = client.get(f"/console/approvals/{request.reference}/").content.decode()
    assert f'href="/console/deliverables/{deliverable.reference}/"' in html
    assert "Send back</button>" in html

    said = client.post(
        f"/console/approvals/{request.reference}/refuse/",
        {"shown_digest": request.shown_digest, "reason": "Too long"},
        follow=True,
    )
    assert "Sent back. The agent works on it again." in said.content.decode()

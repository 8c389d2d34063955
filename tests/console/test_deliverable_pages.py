"""What an owner sees of a document before its release."""

from __future__ import annotations

import re

import pytest
from django.db import transaction

from fulfillment.models import AcquisitionRun
from fulfillment.operations import progress
from fulfillment.operations.deliverables import make_deliverable
from kernel.references import new_reference
from tests.factories.people import client_of, make_person
from tests.fulfillment.handing_in import handed_in, request_about, send_back
from tests.toolrouter.agents import database_now

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


def test_the_page_of_a_run_lists_what_it_handed_in_the_newest_first() -> None:
    first = handed_in()
    owner = make_person("owner")
    send_back(first, owner)
    run, now = AcquisitionRun.objects.get(pk=first.run_id), database_now()
    with transaction.atomic():
        second = make_deliverable(run, call_ref=new_reference("call"), now=now)
        progress.deliverable_submitted(run, refs=[second.reference], now=now)

    html = client_of(owner).get(f"/console/runs/{run.reference}/").content.decode()

    assert re.findall(r'href="/console/deliverables/(\w+)/">Snapshot, version (\d)', html) == [
        (second.reference, "2"), (first.reference, "1"),
    ]  # fmt: skip
    handed = html.partition("Handed in</h2>")[2].partition("</section>")[0]
    assert handed.index("To review") < handed.index("Sent back")

"""Open every page on the database that the environment names, with every role; print what fails.

Run by ``test_upgrades`` in a process of its own, with the rights of pages and workers. It writes
people into that database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import django
from django.conf import settings
from django.test.utils import override_settings, setup_test_environment

if __name__ == "__main__":
    django.setup()
    setup_test_environment()

from django.test import Client
from django.urls import reverse

from kernel import waiting_list
from notices.models import OperatorAlert
from revenue.models import Order, StripeWebhookEvent
from tests.factories.people import client_of, make_person
from tests.trinity.endpoints import ENDPOINTS
from trinity.doctor import database, selling
from trinity.doctor.findings import Level
from trinity.roles import ROLES


def found_by_doctor() -> Iterator[str]:
    """Yield what the doctor does not call well of the database, and what is late."""
    for finding in [*database.look_at_database(), *selling.look_at_refusals(datetime.now(UTC))]:
        if finding.level != Level.OK:
            yield f"doctor: {finding}"


def endpoints_by_role() -> Iterator[str]:
    """Yield each address of ours that a role opens against its permissions, or not."""
    guarded = [each for each in ENDPOINTS if each.is_said and each.permission]
    if len(guarded) < 60:
        yield f"only {len(guarded)} addresses are guarded"
    for role, permissions in {**ROLES, "": frozenset()}.items():
        browser = client_of(make_person(role))
        for endpoint in guarded:
            said = {browser.get(endpoint.address).status_code}
            said |= {browser.post(endpoint.address).status_code}
            may = endpoint.permission in permissions
            if max(said) >= 500 or may is bool(said & {401, 403}):
                yield f"{role or 'nobody'} {endpoint.address}: {sorted(said)}"


def pages_of_rows(browser: Client) -> Iterator[str]:
    """Yield each page of an old record that does not open."""
    rows = [
        *(("alert", alert.reference) for alert in OperatorAlert.objects.all()),
        *(("order-detail", order.reference) for order in Order.objects.all()),
        *(("trace", order.trace_ref) for order in Order.objects.exclude(trace_ref="")),
        *(("event", event.stripe_id) for event in StripeWebhookEvent.objects.all()),
    ]
    for name, reference in rows:
        if browser.get(reverse(name, args=[reference])).status_code != 200:
            yield f"{name} {reference}"
    for address in ("/console/", "/console/alerts/", "/console/ledger/", "/admin/"):
        if browser.get(address).status_code != 200:
            yield address
    listed = browser.get("/console/alerts/").content.decode()
    for item in waiting_list.items():
        if item.what == "alert" and item.handle not in listed:
            yield f"not listed: {item.handle}"


def main() -> None:
    """Print a list of sentences; an empty one where all is well."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}):
        owner = client_of(make_person("owner"))
        json.dump([*found_by_doctor(), *endpoints_by_role(), *pages_of_rows(owner)], sys.stdout)


if __name__ == "__main__":
    main()

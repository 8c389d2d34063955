"""Open every page on the database that the environment names, with every role; print what fails.

Run by ``test_upgrades`` in a process of its own, with the rights of pages and workers. It writes
people into that database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import django
from django.conf import settings
from django.test.utils import override_settings, setup_test_environment

if __name__ == "__main__":
    django.setup()
    setup_test_environment()

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from crm.models import Company, Contact, Deal
from fulfillment.models import AcquisitionRun
from kernel import waiting_list
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.models import BuyerMail, Offer, Order, StripeWebhookEvent
from tests.factories.people import client_of, make_person
from tests.trinity.endpoints import ENDPOINTS
from trinity.doctor import database, selling
from trinity.doctor.findings import Level
from trinity.roles import ROLES

# The page of a record: whose rows have one, and by which column it is found.
PAGES: Final[dict[str, tuple[type[Model], str]]] = {
    "alert": (OperatorAlert, "reference"),
    "company": (Company, "reference"),
    "contact": (Contact, "reference"),
    "deal": (Deal, "reference"),
    "event": (StripeWebhookEvent, "stripe_id"),
    "ledger-entry": (LedgerEntry, "reference"),
    "offer-edit": (Offer, "reference"),
    "order-detail": (Order, "reference"),
    "outbox-mail": (BuyerMail, "reference"),
    "run": (AcquisitionRun, "reference"),
    "trace": (Order, "trace_ref"),
}


def found_by_doctor() -> Iterator[str]:
    """Yield what the doctor does not call well of the database, and what is late."""
    for finding in [*database.look_at_database(), *selling.look_at_refusals(datetime.now(UTC))]:
        if finding.level != Level.OK:
            yield f"doctor: {finding}"


def endpoints_by_role() -> Iterator[str]:
    """Yield each address of ours that a role opens against its permissions, or not.

    Owners open all of them, the others one for each permission: what a permission opens is code,
    who has it are rows.
    """
    guarded = [each for each in ENDPOINTS if each.is_said and each.permission]
    one_each = list({each.permission: each for each in guarded}.values())
    if len(guarded) < 60 or len(one_each) < 15:
        yield f"only {len(guarded)} addresses are guarded by {len(one_each)} permissions"
    for role, permissions in {**ROLES, "": frozenset()}.items():
        browser = client_of(make_person(role))
        for endpoint in guarded if role == "owner" else one_each:
            said = {browser.get(endpoint.address).status_code}
            said |= {browser.post(endpoint.address).status_code}
            may = endpoint.permission in permissions
            if max(said) >= 500 or may is bool(said & {401, 403}):
                yield f"{role or 'nobody'} {endpoint.address}: {sorted(said)}"


def pages_of_rows(browser: Client) -> Iterator[str]:
    """Yield each page of an old record that does not open."""
    for name, (model, key) in PAGES.items():
        keys = model._base_manager.exclude(**{key: ""}).values_list(key, flat=True)
        if not keys:
            yield f"no rows for {name}"
        for each in keys:
            if browser.get(reverse(name, args=[each])).status_code != 200:
                yield f"{name} {each}"
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

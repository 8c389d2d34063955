"""Boring rows of crm."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from crm.enums import DealStage
from crm.models import Company, Contact, Deal, Project
from crm.policy import HOME_PROJECT
from kernel.references import new_reference

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class CompanyFactory(DjangoModelFactory[Company]):
    class Meta:
        model = Company

    reference = factory.LazyFunction(lambda: new_reference("com"))
    name = factory.Sequence("Company {}".format)
    name_key = factory.LazyAttribute(lambda row: row.name.casefold())
    domain = factory.Sequence("company-{}.example".format)
    created_at = NOON


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    reference = factory.LazyFunction(lambda: new_reference("con"))
    company = None
    name = "Ada Lovelace"
    email = factory.Sequence("ada-{}@company.example".format)
    email_key = factory.LazyAttribute(lambda row: row.email.lower() or None)
    created_at = NOON


class DealFactory(DjangoModelFactory[Deal]):
    class Meta:
        model = Deal

    reference = factory.LazyFunction(lambda: new_reference("deal"))
    project = factory.LazyFunction(lambda: Project.objects.get(name=HOME_PROJECT))
    contact = factory.SubFactory(ContactFactory)
    title = "Acquisition snapshot"
    stage = DealStage.LEAD
    stage_since = NOON
    mode = "sandbox"
    trace_ref = factory.LazyFunction(lambda: new_reference("trc"))
    created_at = NOON

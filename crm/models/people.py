"""Companies and the people in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

from crm.policy import (
    EMAIL_CHARS_MAX,
    NAME_CHARS_MAX,
    company_name_key,
    email_key,
    email_key_or_none,
    plain,
)
from kernel.references import new_reference
from kernel.statements import insert_shaped

# What is known stays, but that the name of whoever has paid outranks one that anybody typed.
_FIND_OR_MAKE: Final = """
INSERT INTO crm_contact ({columns}) VALUES ({values})
ON CONFLICT (email_key, is_sample) DO UPDATE SET
  name = CASE WHEN crm_contact.named_by_payment_at IS NULL
      AND EXCLUDED.named_by_payment_at IS NOT NULL THEN EXCLUDED.name
    ELSE COALESCE(NULLIF(crm_contact.name, ''), EXCLUDED.name) END,
  named_by_payment_at = COALESCE(
    crm_contact.named_by_payment_at, EXCLUDED.named_by_payment_at),
  stripe_customer_id = COALESCE(
    NULLIF(crm_contact.stripe_customer_id, ''), EXCLUDED.stripe_customer_id)
RETURNING id, reference
"""


class Company(models.Model):
    """An organisation we deal with, known by its web domain, else by its name.

    ``domain`` and ``name_key`` are normalised by ``crm.policy``; sample companies are a world of
    their own and never meet a real one.
    """

    reference = models.CharField(max_length=40, editable=False)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, editable=False)
    domain = models.CharField(max_length=253, blank=True, editable=False)
    website = models.URLField(max_length=300, blank=True)
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="company_reference_unique"),
            models.UniqueConstraint(
                fields=["domain", "is_sample"],
                condition=~Q(domain=""),
                name="company_domain_unique",
            ),
            models.UniqueConstraint(
                fields=["name_key", "is_sample"],
                condition=Q(domain=""),
                name="company_without_domain_unique_by_name",
            ),
            models.CheckConstraint(condition=~Q(name_key=""), name="company_has_a_name"),
        ]
        indexes = [
            models.Index(
                fields=["name_key"], opclasses=["text_pattern_ops"], name="company_name_prefix"
            ),
            models.Index(
                fields=["domain"], opclasses=["text_pattern_ops"], name="company_domain_prefix"
            ),
            GinIndex(SearchVector("name_key", config="simple"), name="company_name_words"),
        ]

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def find_or_make(
        cls,
        *,
        name: str,
        domain: str,
        website: str,
        is_sample: bool,
        now: datetime,
        is_by_name_too: bool = False,
    ) -> int:
        """Return the id of the one company of that domain, or of that name where none is known.

        With ``is_by_name_too`` a company of that domain under another name is another one, and
        the name decides. What is written about a known company stays as it is.
        """
        key = company_name_key(name)
        row: dict[str, Any] = {
            "reference": new_reference("com"),
            "name": plain(name, chars_max=NAME_CHARS_MAX),
            "name_key": key,
            "domain": domain,
            "website": website,
            "is_sample": is_sample,
            "created_at": now,
        }
        Company.objects.bulk_create([Company(**row)], ignore_conflicts=True)
        named, rows = Q(name_key=key), Company.objects.filter(is_sample=is_sample)
        if domain:
            one = Q(domain=domain) & named if is_by_name_too else Q(domain=domain)
            found = rows.filter(one).values_list("pk", flat=True).first()
            if found is not None:
                return found
            Company.objects.bulk_create([Company(**row | {"domain": ""})], ignore_conflicts=True)
        return rows.values_list("pk", flat=True).get(named, domain="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact row as far as a sale needs it."""

    contact_id: int
    reference: str


class Contact(models.Model):
    """A person, known by a normalised e-mail address.

    ``email`` is how the person wrote it first; ``email_key`` is what makes it one person. Both are
    empty after an erasure, and for a buyer of whom Stripe told us no address.
    """

    reference = models.CharField(max_length=40, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    name = models.CharField(max_length=200, blank=True)
    # When a payment said the name; one that only a form said gives way to it.
    named_by_payment_at = models.DateTimeField(null=True, editable=False)
    email = models.CharField(max_length=254, blank=True)
    email_key = models.CharField(max_length=254, null=True, editable=False)  # unique
    stripe_customer_id = models.CharField(max_length=255, blank=True, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        permissions = [("reveal_personal_data", "May look at personal data that is redacted")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="contact_reference_unique"),
            models.UniqueConstraint(fields=["email_key", "is_sample"], name="contact_email_unique"),
            models.CheckConstraint(
                condition=Q(email_key__isnull=True, email="")
                | (Q(email_key__isnull=False) & ~Q(email_key="") & ~Q(email="")),
                name="contact_email_and_its_key_go_together",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(name="", email="", stripe_customer_id=""),
                name="contact_erased_holds_nothing_personal",
            ),
        ]
        indexes = [
            models.Index(
                fields=["email_key"], opclasses=["text_pattern_ops"], name="contact_email_prefix"
            ),
            models.Index(
                fields=["stripe_customer_id"],
                condition=~Q(stripe_customer_id=""),
                name="contact_by_stripe_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def of_buyer(
        cls,
        *,
        email: str,
        name: str,
        stripe_customer_id: str,
        has_paid: bool,
        is_sample: bool,
        now: datetime,
    ) -> Person:
        """Find or make the buyer in one statement, and hold the row until COMMIT.

        What is known stays: a name and a customer id only fill what was empty, but that the name
        of whoever has paid outranks one that anybody could have typed. The row lock makes
        sales to one person queue up; it leaves room for foreign keys. An address that cannot be
        read (or is missing) makes a contact without one.
        """
        key = email_key_or_none(email)
        known_as = plain(name, chars_max=NAME_CHARS_MAX)
        row: dict[str, Any] = {
            "reference": new_reference("con"),
            "name": known_as,
            "named_by_payment_at": now if known_as and has_paid else None,
            "email": plain(email, chars_max=EMAIL_CHARS_MAX) if key else "",
            "email_key": key,
            "stripe_customer_id": stripe_customer_id,
            "is_sample": is_sample,
            "created_at": now,
        }
        made = insert_shaped(_FIND_OR_MAKE, row)
        if made is None:
            raise RuntimeError("the database returned no contact")
        return Person(contact_id=made[0], reference=made[1])

    @classmethod
    def of_stranger(cls, *, email: str, name: str, company_id: int, now: datetime) -> Contact:
        """Find or make whoever a public form names.

        Anybody can type anybody's address into a form, so a known contact stays as it is.
        """
        key = email_key(email)
        made = Contact(
            reference=new_reference("con"),
            company_id=company_id,
            name=plain(name, chars_max=NAME_CHARS_MAX),
            email=plain(email, chars_max=EMAIL_CHARS_MAX),
            email_key=key,
            created_at=now,
        )
        Contact.objects.bulk_create([made], ignore_conflicts=True)
        return Contact.objects.get(email_key=key, is_sample=False)

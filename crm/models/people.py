"""Companies and the people in them."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q


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
        return self.name


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

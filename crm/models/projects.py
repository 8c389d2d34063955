"""The workspace that a deal belongs to."""

from __future__ import annotations

from django.db import models


class Project(models.Model):
    """A workspace. Other apps hold its reference as text."""

    reference = models.CharField(max_length=40, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="project_reference_unique"),
            models.UniqueConstraint(fields=["name"], name="project_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="project_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

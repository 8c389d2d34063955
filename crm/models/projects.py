"""The workspace that a deal belongs to."""

from __future__ import annotations

from django.db import models

from crm.policy import HOME_PROJECT


class Project(models.Model):
    """A workspace. Other apps hold its reference as text."""

    reference = models.CharField(max_length=40, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        permissions = [("manage_projects", "Can make and rename projects, and move deals")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="project_reference_unique"),
            models.UniqueConstraint(fields=["name"], name="project_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="project_has_a_name"),
        ]

    @property
    def is_home(self) -> bool:
        """Say whether it is where requests and direct purchases land; that one keeps its name."""
        return self.name == HOME_PROJECT

    def __str__(self) -> str:
        return self.name

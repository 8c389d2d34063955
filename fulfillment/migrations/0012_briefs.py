import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.schema import forbid_changes, mode_steps


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0011_runtime_status"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Brief",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=35)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("live", "live"),
                            ("test", "test"),
                            ("sandbox", "sandbox"),
                            ("sample", "sample"),
                        ],
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("company", models.CharField(blank=True, max_length=200)),
                ("website", models.CharField(blank=True, max_length=300)),
                ("question", models.TextField(blank=True, max_length=2000)),
                ("salt", models.CharField(blank=True, max_length=32)),
                ("digest", models.CharField(max_length=64)),
                (
                    "given_as",
                    models.CharField(
                        choices=[
                            ("buyer", "the buyer"),
                            ("lead", "the buyer's request, as it was accepted"),
                            ("colleague", "a colleague, for the buyer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("given_at", models.DateTimeField()),
                (
                    "given_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fulfillment.acquisitionrun",
                    ),
                ),
            ],
            options={
                "permissions": [("answer_brief", "Can answer a brief for a buyer")],
                "indexes": [models.Index(fields=["run", "-id"], name="brief_by_run")],
                "constraints": [
                    models.UniqueConstraint(fields=("reference",), name="brief_reference_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["live", "test", "sandbox", "sample"])),
                        name="brief_mode_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_as", "colleague"), ("given_by__isnull", False)),
                            models.Q(
                                ("given_as__in", ["buyer", "lead"]), ("given_by__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="brief_given_by_a_colleague_or_nobody_of_ours",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")),
                        name="brief_digest_is_sha256",
                    ),
                ],
            },
        ),
        forbid_changes("fulfillment_brief", erasable=["company", "website", "question", "salt"]),
        mode_steps("fulfillment_brief", follows={"run_id": "fulfillment_acquisitionrun"}),
    ]

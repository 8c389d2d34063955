from django.db import migrations, models

from kernel.schema import keep_facts

ASKED = (
    *("id", "reference", "kind", "rule", "subject_ref", "project_ref", "run_ref"),
    *("mode", "trace_ref", "amount_minor", "currency", "fingerprint", "shown_digest"),
    *("presenter_version", "policy_version", "people_needed", "asked_by_id"),
    *("again_by_id", "again_of_id"),
)
ONCE = (
    *("told_at", "reminded_at", "decided_at", "not_before", "execute_by"),
    *("closed_at", "why_closed", "superseded_by_id"),
)
BEFORE = keep_facts(
    "approvals_approvalrequest",
    frozen=[*ASKED, "opened_at", "decide_by"],
    erasable=["around"],
    once=[*ONCE],
)


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0005_words_of_closings"),
    ]

    operations = [
        migrations.AddField(
            model_name="approvalrequest",
            name="is_edited",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_edited", False), ("again_by__isnull", False), _connector="OR"
                ),
                name="approval_edited_by_somebody",
            ),
        ),
        migrations.RunSQL(BEFORE.reverse_sql, BEFORE.sql),
        keep_facts(
            "approvals_approvalrequest",
            frozen=[*ASKED, "is_edited", "opened_at", "decide_by"],
            erasable=["around"],
            once=[*ONCE],
        ),
    ]

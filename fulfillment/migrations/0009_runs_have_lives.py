"""Runs get kinds, states and bounds of their own; older ones wait for their brief."""

import django.db.models.deletion
from django.db import migrations, models

# Nothing had been done in any of them. Their grants, which end when they said, stay as they are.
FILL = """
UPDATE fulfillment_acquisitionrun run
SET project_ref = intake.project_ref,
  frozen_from = CASE run.state WHEN 'frozen' THEN 'waiting_for_brief' ELSE '' END,
  state = CASE run.state WHEN 'planned' THEN 'waiting_for_brief' ELSE run.state END
FROM fulfillment_orderintake intake WHERE intake.id = run.intake_id
"""
EMPTY = """
UPDATE fulfillment_acquisitionrun
SET state = CASE state WHEN 'frozen' THEN 'frozen' ELSE 'planned' END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0008_release_sources"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="acquisitionrun",
            name="run_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="acquisitionrun",
            name="run_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="acquisitionrun",
            name="run_steps_are_bounded",
        ),
        migrations.RemoveConstraint(
            model_name="runevent",
            name="run_event_kind_known",
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="deal_ref",
            field=models.CharField(blank=True, editable=False, max_length=35),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="due_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="frozen_from",
            field=models.CharField(
                blank=True,
                choices=[
                    ("waiting_for_brief", "waiting for the brief"),
                    ("planning", "planning"),
                    ("awaiting_plan_approval", "plan to approve"),
                    ("running", "working"),
                    ("awaiting_review", "to review"),
                    ("delivered", "delivered"),
                    ("paused", "paused"),
                    ("frozen", "paused: payment"),
                    ("stuck", "stuck"),
                    ("stopped", "stopped"),
                    ("failed", "failed"),
                ],
                editable=False,
                max_length=22,
            ),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="idle_turns",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="interrupted",
            field=models.CharField(
                blank=True,
                choices=[
                    ("waiting_for_brief", "waiting for the brief"),
                    ("planning", "planning"),
                    ("awaiting_plan_approval", "plan to approve"),
                    ("running", "working"),
                    ("awaiting_review", "to review"),
                    ("delivered", "delivered"),
                    ("paused", "paused"),
                    ("frozen", "paused: payment"),
                    ("stuck", "stuck"),
                    ("stopped", "stopped"),
                    ("failed", "failed"),
                ],
                editable=False,
                max_length=22,
            ),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="limit_reached",
            field=models.CharField(
                blank=True,
                choices=[
                    ("steps", "tool calls"),
                    ("tokens", "tokens"),
                    ("wall_time", "working time"),
                    ("turns", "turns without progress"),
                    ("deadline", "the date until which it may act"),
                ],
                editable=False,
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="project_ref",
            field=models.CharField(default="", editable=False, max_length=35),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="tokens_max",
            field=models.PositiveBigIntegerField(default=2000000),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="tokens_used",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="wall_s_max",
            field=models.PositiveIntegerField(default=7200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="acquisitionrun",
            name="wall_s_used",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="acquisitionrun",
            name="deadline",
            field=models.DateTimeField(editable=False),
        ),
        migrations.AlterField(
            model_name="acquisitionrun",
            name="intake",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="run",
                to="fulfillment.orderintake",
            ),
        ),
        migrations.AlterField(
            model_name="acquisitionrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting_for_brief", "waiting for the brief"),
                    ("planning", "planning"),
                    ("awaiting_plan_approval", "plan to approve"),
                    ("running", "working"),
                    ("awaiting_review", "to review"),
                    ("delivered", "delivered"),
                    ("paused", "paused"),
                    ("frozen", "paused: payment"),
                    ("stuck", "stuck"),
                    ("stopped", "stopped"),
                    ("failed", "failed"),
                ],
                default="waiting_for_brief",
                max_length=22,
            ),
        ),
        migrations.AlterField(
            model_name="runevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("planned", "Run opened"),
                    ("brief_given", "Brief given"),
                    ("due_set", "Due date set"),
                    ("turn_opened", "Turn opened"),
                    ("turn_ended", "Turn ended"),
                    ("task_read", "Task read by the agent"),
                    ("plan_submitted", "Plan submitted"),
                    ("plan_approved", "Plan approved"),
                    ("plan_refused", "Plan refused"),
                    ("submitted", "Work handed in"),
                    ("sent_back", "Sent back"),
                    ("released", "Released"),
                    ("limit_reached", "Limit reached"),
                    ("stuck", "Stuck"),
                    ("retried", "Retried"),
                    ("paused", "Paused"),
                    ("unpaused", "Resumed"),
                    ("stopped", "Stopped"),
                    ("failed", "Failed"),
                    ("frozen", "Work paused"),
                    ("resumed", "Work resumed"),
                    ("payment_held", "Payment refunded, disputed or in review after the end"),
                    ("payment_settled", "Payment settled after the end"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunSQL(FILL, EMPTY),
        migrations.AddIndex(
            model_name="acquisitionrun",
            index=models.Index(fields=["project_ref", "-id"], name="run_by_project"),
        ),
        migrations.AddIndex(
            model_name="acquisitionrun",
            index=models.Index(
                condition=models.Q(("deal_ref", ""), _negated=True),
                fields=["deal_ref", "-id"],
                name="run_by_deal",
            ),
        ),
        migrations.AddIndex(
            model_name="acquisitionrun",
            index=models.Index(
                condition=models.Q(("state__in", ["planning", "running"])),
                fields=["due_at", "id"],
                name="run_at_work_by_due_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "waiting_for_brief",
                            "planning",
                            "awaiting_plan_approval",
                            "running",
                            "awaiting_review",
                            "delivered",
                            "paused",
                            "frozen",
                            "stuck",
                            "stopped",
                            "failed",
                        ],
                    )
                ),
                name="run_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deal_ref", ""), ("intake__isnull", False), ("kind", "fulfilment")),
                    models.Q(
                        ("deal_ref__startswith", "deal_"),
                        ("intake__isnull", True),
                        ("kind", "sales"),
                    ),
                    models.Q(("deal_ref", ""), ("intake__isnull", True), ("kind", "trial")),
                    _connector="OR",
                ),
                name="run_is_about_what_its_kind_says",
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("project_ref", ""), _negated=True), name="run_has_a_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("steps_max__gt", 0), ("tokens_max__gt", 0), ("wall_s_max__gt", 0)
                ),
                name="run_work_is_bounded",
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "frozen_from__in",
                            [
                                "waiting_for_brief",
                                "awaiting_plan_approval",
                                "awaiting_review",
                                "planning",
                                "running",
                                "paused",
                                "stuck",
                            ],
                        ),
                        ("state", "frozen"),
                    ),
                    models.Q(models.Q(("state", "frozen"), _negated=True), ("frozen_from", "")),
                    _connector="OR",
                ),
                name="run_frozen_iff_it_remembers_from_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="acquisitionrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(
                            ("state__in", ["paused", "stuck"]),
                            ("frozen_from__in", ["paused", "stuck"]),
                            _connector="OR",
                        ),
                        (
                            "interrupted__in",
                            [
                                "planning",
                                "running",
                                "waiting_for_brief",
                                "awaiting_plan_approval",
                                "awaiting_review",
                            ],
                        ),
                    ),
                    models.Q(
                        models.Q(
                            ("state__in", ["paused", "stuck"]),
                            ("frozen_from__in", ["paused", "stuck"]),
                            _connector="OR",
                            _negated=True,
                        ),
                        ("interrupted", ""),
                    ),
                    _connector="OR",
                ),
                name="run_interrupted_iff_it_remembers_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="runevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "planned",
                            "brief_given",
                            "due_set",
                            "turn_opened",
                            "turn_ended",
                            "task_read",
                            "plan_submitted",
                            "plan_approved",
                            "plan_refused",
                            "submitted",
                            "sent_back",
                            "released",
                            "limit_reached",
                            "stuck",
                            "retried",
                            "paused",
                            "unpaused",
                            "stopped",
                            "failed",
                            "frozen",
                            "resumed",
                            "payment_held",
                            "payment_settled",
                        ],
                    )
                ),
                name="run_event_kind_known",
            ),
        ),
    ]

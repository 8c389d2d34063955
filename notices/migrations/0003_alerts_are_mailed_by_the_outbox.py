"""Alert mails become rows of the outbox; what tried to tell an alert moves there with it.

Alerts keep their rows. One that was tried and told nobody, be it waiting for its next try, in the
hands of a sender or given up, gets its mail with tries, error and due time; one that was never
tried gets it when its turn comes. Told ones have none: their letters left before.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from kernel.references import reference_sql

# What is deferred happens now, so that the columns can go in the same transaction.
AT_ONCE = "SET CONSTRAINTS ALL IMMEDIATE"
TRIED_ARE_QUEUED = f"""
INSERT INTO notices_outgoingmail (reference, kind, key, lane, state, message_id, attempts,
  next_attempt_at, error_class, queued_at, to_address, facts, lease_token)
SELECT {reference_sql("mail", at="raised_at", seed="reference")}, 'notices.alerts', reference,
  'alerts', CASE WHEN next_attempt_at IS NULL THEN 'failed' ELSE 'queued' END, '', attempts,
  next_attempt_at, error_class, raised_at, '', '{{}}', 0
FROM revenue_operatoralert WHERE told_at IS NULL AND attempts > 0
"""  # noqa: S608  # our own words
TRIED_HAVE_MAILS = """
UPDATE revenue_operatoralert alert SET mail_id = mail.id, told_as = ''
FROM notices_outgoingmail mail WHERE mail.lane = 'alerts' AND mail.key = alert.reference
"""
MAILS_END = """
UPDATE revenue_operatoralert SET next_attempt_at = raised_at
WHERE told_at IS NULL AND mail_id IS NULL;
UPDATE revenue_operatoralert alert SET attempts = mail.attempts, error_class = mail.error_class,
  next_attempt_at = mail.next_attempt_at,
  told_as = CASE WHEN told_at IS NULL THEN '' ELSE told_as END
FROM notices_outgoingmail mail WHERE mail.id = alert.mail_id;
UPDATE revenue_operatoralert SET mail_id = NULL;
DELETE FROM notices_outgoingmail WHERE lane = 'alerts'
"""
LANES = [("access", "to get in"), ("account", "about an account"), ("alerts", "alerts")]


def gone(name):
    return migrations.RemoveField("operatoralert", name)


def lanes_known(lanes):
    return models.CheckConstraint(
        condition=Q(("lane__in", [name for name, _words in lanes])),
        name="outgoing_mail_lane_known",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_outgoing_mails"),
        ("revenue", "0040_alerts_go_to_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("outgoingmail", "outgoing_mail_lane_known"),
        migrations.AlterField(
            "outgoingmail", "lane", models.CharField(choices=LANES, max_length=12)
        ),
        migrations.AlterField(
            "outgoingmail", "worth_until", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddConstraint("outgoingmail", lanes_known(LANES)),
        migrations.AddConstraint(
            "outgoingmail",
            models.CheckConstraint(
                condition=Q(lane="alerts", worth_until=None, user=None, to_address="")
                | (~Q(lane="alerts") & Q(worth_until__isnull=False)),
                name="outgoing_mail_to_all_for_ever_iff_of_alerts",
            ),
        ),
        migrations.AddField(
            "operatoralert",
            "mail",
            models.ForeignKey(
                blank=True,
                help_text="The letter that tells it, or tried to; empty until its turn comes.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="alerts",
                to="notices.outgoingmail",
            ),
        ),
        migrations.RunSQL([TRIED_ARE_QUEUED, TRIED_HAVE_MAILS, AT_ONCE], [MAILS_END, AT_ONCE]),
        migrations.RemoveIndex("operatoralert", "alert_due"),
        *map(
            gone,
            [
                *("leased_until", "leased_by", "lease_token"),
                *("attempts", "next_attempt_at", "error_class"),
            ],
        ),
        migrations.AddIndex(
            "operatoralert",
            models.Index(
                condition=Q(told_at__isnull=True, closed_at__isnull=True),
                fields=["raised_at"],
                name="alert_untold",
            ),
        ),
    ]

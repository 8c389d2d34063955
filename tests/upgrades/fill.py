# Read by an older version's ``manage.py shell``, hence its names: see make.sh.
import os
from datetime import UTC, datetime, timedelta

import psycopg
from django.contrib.auth.models import User

from kernel.modes import Mode
from revenue.enums import AlertKind
from revenue.models import OperatorAlert, Order, StripeWebhookEvent
from revenue.operations.alerts import raise_alert_about

now = datetime.now(UTC)
order, event = Order.objects.exclude(mode="sample").first(), StripeWebhookEvent.objects.first()
facts = {"amount_minor": 100, "currency": "USD", "day": f"{now:%Y-%m-%d}", "object": "re_1"}
for kind in set(AlertKind) - {AlertKind.SWEEP_LAG}:
    subject = event.stripe_id if "event" in kind else order.reference
    raise_alert_about(
        kind=kind, item=f"{kind}:1", subject=subject, mode=Mode(order.mode), now=now, facts=facts
    )
for number, work in enumerate(["checkouts", "mails to buyers", "answers about refunds"]):
    raise_alert_about(
        kind=AlertKind.SWEEP_LAG,
        item=f"{work}:{(now - timedelta(hours=2)).isoformat()}",
        subject=work,
        mode=Mode(order.mode),
        now=now,
        facts={"what": work, "oldest_s": 7_200, "is_stripes": number // 2},
    )
closed = {"closed_at": now}
if hasattr(OperatorAlert, "snoozed_until"):
    person = User.objects.first()
    OperatorAlert.objects.filter(kind="links_unpayable").update(
        snoozed_until=now + timedelta(days=9)
    )
    OperatorAlert.objects.filter(kind="event_differs").update(assigned_to=person)
    closed["closed_by"] = person
OperatorAlert.objects.filter(subject="mails to buyers").update(**closed)
owner = os.environ.get("MIGRATION_DATABASE_URL") or os.environ["DATABASE_URL"]
with psycopg.connect(owner) as database:
    database.execute("UPDATE auth_user SET password = '!'")
    database.execute("DELETE FROM django_session")

"""What banks hold back of an order for disputes stands on the order, as what was refunded does.

Orders whose dispute ended well by its word, while money of it was not back, counted as paid. Work on
them is frozen by the next reconcile (``usecases.reconcile``).
"""

from django.db import migrations, models
from django.db.models import Q

# Movements in another currency than the payment's are left: a reconcile run or the next word about
# such a dispute weighs them. Of a lost dispute without a movement all is held back.
COUNT = """
UPDATE revenue_order sold SET disputed_minor = held.minor
FROM (
  SELECT dispute.order_id, sum(CASE
    WHEN coalesce(moved.minor, 0) < 0 THEN -moved.minor
    WHEN dispute.status = 'lost' THEN dispute.amount_minor ELSE 0 END) AS minor
  FROM revenue_dispute dispute
  JOIN revenue_order bought ON bought.id = dispute.order_id
    AND bought.currency = dispute.currency
  LEFT JOIN LATERAL (
    SELECT sum(booked.amount_minor) AS minor FROM revenue_revenueevent booked
    WHERE booked.order_id = dispute.order_id AND booked.stripe_object_id = dispute.stripe_id
      AND booked.kind IN ('dispute', 'dispute_reversal') AND booked.currency = dispute.currency
  ) moved ON true
  GROUP BY dispute.order_id
) held
WHERE held.order_id = sold.id AND held.minor > 0;
UPDATE revenue_order SET state = 'disputed'
WHERE disputed_minor > 0 AND state IN ('paid', 'partially_refunded', 'refunded');
"""


class Migration(migrations.Migration):
    dependencies = [("revenue", "0018_alerts_are_tended_and_notes_kept")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="disputed_minor",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="What banks hold back of it for disputes, net of what came back.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=Q(disputed_minor__gte=0), name="order_disputes_bring_no_gain"
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]

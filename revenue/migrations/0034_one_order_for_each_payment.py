"""A payment of Stripe's pays one order.

Where two sessions of one payment became two orders, the later one counts money that never came. It
is named here and to operators, as a difference between the books, and lets go of the payment's id:
what Stripe says of that payment is about the first.
"""

import sys

from django.db import migrations, models

LET_GO = """
UPDATE revenue_order later SET payment_intent_id = ''
FROM (SELECT id, payment_intent_id, first_value(reference) OVER same AS first,
        row_number() OVER same AS place
      FROM revenue_order WHERE payment_intent_id <> ''
      WINDOW same AS (PARTITION BY mode, payment_intent_id ORDER BY id)) of_one
WHERE of_one.id = later.id AND of_one.place > 1
RETURNING later.reference, of_one.first, of_one.payment_intent_id, later.mode, later.amount_minor,
  later.currency
"""
TELL = """
INSERT INTO revenue_operatoralert (reference, kind, item, subject, facts, mode, raised_at, told_as,
  attempts, next_attempt_at, error_class, lease_token)
VALUES ('alr_' || substr(md5(%(later)s), 1, 26), 'reconcile_difference', %(item)s, %(later)s,
  jsonb_build_object('what', 'a payment that counts twice', 'object', %(payment)s::text,
    'amount_minor', %(minor)s::bigint, 'currency', %(currency)s::text),
  %(mode)s, now(), '', 0, now(), '', 0)
ON CONFLICT DO NOTHING
"""


def let_go(_apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(LET_GO)
        for later, first, payment, mode, minor, currency in cursor.fetchall():
            sys.stderr.write(
                f"\n  {payment} paid {first} and {later}: {later} let go of it, see its alert\n"
            )
            told = {"later": later, "payment": payment, "minor": minor, "currency": currency}
            cursor.execute(TELL, {**told, "mode": mode, "item": f"{payment}:{later}"})


class Migration(migrations.Migration):
    dependencies = [("revenue", "0033_operators_hear_of_double_payments")]

    operations = [
        migrations.RunPython(let_go, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("payment_intent_id", ""), _negated=True),
                fields=("payment_intent_id", "mode"),
                name="order_for_each_payment_once",
            ),
        ),
    ]

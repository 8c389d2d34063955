"""Intakes name their project, whom their run may know of, and what they are funded with."""

import django.contrib.postgres.fields
from django.db import migrations, models

# What is known of an order says it: its deal's project (the home project where it has none), its
# deal with contact and company, and what was paid, refunded and disputed.
FILL = """
UPDATE fulfillment_orderintake intake
SET project_ref = coalesce(known.project_ref, home.reference),
  subject_refs = array_remove(ARRAY[known.deal_ref, known.contact_ref, known.company_ref], NULL),
  funded_minor = CASE WHEN sold.paid_at IS NULL THEN 0 ELSE sold.amount_minor END
    - sold.refunded_minor - sold.disputed_minor,
  currency = sold.currency
FROM revenue_order sold
LEFT JOIN LATERAL (
  SELECT deal.reference AS deal_ref, contact.reference AS contact_ref,
    company.reference AS company_ref, project.reference AS project_ref
  FROM crm_deal deal JOIN crm_contact contact ON contact.id = deal.contact_id
  JOIN crm_project project ON project.id = deal.project_id
  LEFT JOIN crm_company company ON company.id = deal.company_id
  WHERE deal.id = sold.deal_id) known ON true
CROSS JOIN (SELECT reference FROM crm_project ORDER BY id LIMIT 1) home
WHERE sold.id = intake.order_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0002_words_of_states"),
        ("crm", "0007_words_of_states"),
        ("revenue", "0036_words_of_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderintake",
            name="project_ref",
            field=models.CharField(editable=False, max_length=35, null=True),
        ),
        migrations.AddField(
            model_name="orderintake",
            name="subject_refs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=35),
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="orderintake",
            name="funded_minor",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="orderintake",
            name="currency",
            field=models.CharField(editable=False, max_length=3, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="orderintake",
            name="project_ref",
            field=models.CharField(editable=False, max_length=35),
        ),
        migrations.AlterField(
            model_name="orderintake",
            name="funded_minor",
            field=models.BigIntegerField(editable=False),
        ),
        migrations.AlterField(
            model_name="orderintake",
            name="currency",
            field=models.CharField(editable=False, max_length=3),
        ),
    ]

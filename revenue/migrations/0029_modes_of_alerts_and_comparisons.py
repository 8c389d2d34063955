"""The mode of an alert and of a comparison with Stripe's books is as fixed as that of any row."""

from django.db import migrations

from kernel.schema import mode_steps


class Migration(migrations.Migration):
    dependencies = [("revenue", "0028_leases_end_with_their_process")]

    operations = [mode_steps("revenue_operatoralert"), mode_steps("revenue_reconcilerun")]

"""The lists of open alerts and of second payments begin at an index that holds nothing else."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("revenue", "0014_ask_again_about_the_unknown")]

    operations = [
        migrations.AddIndex(
            model_name="operatoralert",
            index=models.Index(
                fields=["-id"], condition=Q(closed_at__isnull=True), name="alert_open"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["-id"], condition=Q(double_of__isnull=False), name="order_second_payment"
            ),
        ),
    ]

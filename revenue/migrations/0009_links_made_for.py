"""What each link to an order was made for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("revenue", "0008_closed_by_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderlink",
            name="made_for",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "not noted"),
                    ("paying", "the browser that went to pay"),
                    ("return", "the browser that came back from paying"),
                    ("paid", "the receipt by e-mail"),
                    ("bank_processing", "the e-mail that the bank is still processing"),
                    ("payment_failed", "the e-mail that the payment failed"),
                    ("refund_booked", "the e-mail about a refund"),
                    ("refund_failed", "the e-mail about a failed refund"),
                    ("order_link", "a new link that the buyer asked for"),
                ],
                default="",
                max_length=20,
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("logins", "0003_wrong_passkey"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrowserSerial",
            fields=[
                ("user_number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("serial", models.PositiveBigIntegerField()),
            ],
        ),
    ]

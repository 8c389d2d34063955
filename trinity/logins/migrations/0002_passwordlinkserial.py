"""Only the newest link to choose a password is good."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logins", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PasswordLinkSerial",
            fields=[
                ("user_number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("serial", models.PositiveBigIntegerField()),
            ],
        )
    ]

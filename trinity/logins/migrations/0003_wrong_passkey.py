from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logins", "0002_passwordlinkserial")]

    operations = [
        migrations.AlterField(
            model_name="refusalcount",
            name="kind",
            field=models.CharField(
                choices=[
                    ("wrong_password", "Wrong password"),
                    ("wrong_code", "Wrong code"),
                    ("wrong_passkey", "Wrong passkey"),
                    ("closed_account", "Right password of a closed account"),
                    ("limit", "Too many tries"),
                ],
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint(model_name="refusalcount", name="refusal_kind_is_known"),
        migrations.AddConstraint(
            model_name="refusalcount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "wrong_password",
                            "wrong_code",
                            "wrong_passkey",
                            "closed_account",
                            "limit",
                        ],
                    )
                ),
                name="refusal_kind_is_known",
            ),
        ),
    ]

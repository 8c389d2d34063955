from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="RefusalCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("wrong_password", "Wrong password"),
                            ("wrong_code", "Wrong code"),
                            ("closed_account", "Right password of a closed account"),
                            ("limit", "Too many tries"),
                        ],
                        max_length=20,
                    ),
                ),
                ("whose", models.CharField(max_length=60)),
                ("hour", models.DateTimeField(help_text="The beginning of the hour, UTC.")),
                ("times", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "kind", "whose"),
                        name="one_refusal_count_per_hour_kind_and_whose",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["wrong_password", "wrong_code", "closed_account", "limit"],
                            )
                        ),
                        name="refusal_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("times__gt", 0)), name="refusals_were_counted"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("whose__regex", "^(user:[1-9][0-9]*|door:[a-z][a-z0-9_]*)$")
                        ),
                        name="refusal_is_about_a_person_or_a_door",
                    ),
                ],
            },
        ),
    ]

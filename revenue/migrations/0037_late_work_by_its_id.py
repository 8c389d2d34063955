"""Alerts about late work name it by its id in the registry of due work, as new ones do.

While an alert about a kind of work stands no second one is raised, and one that a person dismissed
is not raised again for the same wait: both are found by subject and item.
"""

from django.db import migrations

ID_OF = {
    "Stripe events": "revenue.events",
    "checkouts": "revenue.checkouts",
    "payment links": "revenue.payment_links",
    "refunds": "revenue.refunds",
    "mails to buyers": "revenue.buyer_mails",
    "alerts": "notices.alerts",
    "link requests": "revenue.link_requests",
    "answers about checkouts": "revenue.checkout_answers",
    "answers about payment links": "revenue.payment_link_answers",
    "answers about refunds": "revenue.refund_answers",
    "runs to start": "fulfillment.runs",
    "ledger entries": "ledger.unsealed",
}
RENAME = """
UPDATE revenue_operatoralert SET subject = %s, item = %s || substr(item, length(subject) + 1)
WHERE kind = 'sweep_lag' AND subject = %s
"""


def steps(old_and_new):
    return [(RENAME, [new, new, old]) for old, new in old_and_new]


class Migration(migrations.Migration):
    dependencies = [("revenue", "0036_words_of_states")]

    operations = [
        migrations.RunSQL(
            steps(ID_OF.items()),
            steps((work, words) for words, work in ID_OF.items()),
        )
    ]

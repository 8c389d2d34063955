"""What the database itself promises about the sale's tables."""

from django.db import migrations

from kernel.schema import forbid_changes, mode_steps

FREEZE_PUBLISHED_OFFERS = """
CREATE FUNCTION revenue_offer_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL AND
        (OLD.reference, OLD.slug, OLD.version, OLD.title, OLD.summary, OLD.delivered,
         OLD.delivered_within_days, OLD.refund_policy, OLD.refund_policy_version,
         OLD.amount_minor, OLD.currency, OLD.published_at)
        IS DISTINCT FROM
        (NEW.reference, NEW.slug, NEW.version, NEW.title, NEW.summary, NEW.delivered,
         NEW.delivered_within_days, NEW.refund_policy, NEW.refund_policy_version,
         NEW.amount_minor, NEW.currency, NEW.published_at)
    THEN
        RAISE EXCEPTION 'a published offer is frozen: make a new version'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revenue_offer_frozen BEFORE UPDATE ON revenue_offer
    FOR EACH ROW EXECUTE FUNCTION revenue_offer_frozen();
"""
THAW = "DROP TRIGGER revenue_offer_frozen ON revenue_offer; DROP FUNCTION revenue_offer_frozen();"


class Migration(migrations.Migration):
    dependencies = [("revenue", "0001_initial")]

    operations = [
        migrations.RunSQL(FREEZE_PUBLISHED_OFFERS, THAW),
        mode_steps("revenue_offerprice"),
        mode_steps("revenue_paymentlink", follows={"deal_id": "crm_deal"}),
        mode_steps(
            "revenue_checkoutsession",
            follows={"deal_id": "crm_deal", "payment_link_id": "revenue_paymentlink"},
        ),
        mode_steps(
            "revenue_order",
            follows={"checkout_id": "revenue_checkoutsession", "deal_id": "crm_deal"},
        ),
        mode_steps("revenue_stripewebhookevent", follows={"order_id": "revenue_order"}),
        mode_steps(
            "revenue_revenueevent",
            follows={"order_id": "revenue_order", "event_id": "revenue_stripewebhookevent"},
        ),
        mode_steps("revenue_refundrequest", follows={"order_id": "revenue_order"}),
        mode_steps("revenue_refund", follows={"order_id": "revenue_order"}),
        mode_steps("revenue_dispute", follows={"order_id": "revenue_order"}),
        mode_steps("revenue_buyermail", follows={"order_id": "revenue_order"}),
        forbid_changes("revenue_revenueevent"),
        forbid_changes("revenue_webhookattempt"),
        forbid_changes("revenue_orderreview", erasable=("reason",)),
        forbid_changes("revenue_eventalarm", erasable=("body",)),
    ]

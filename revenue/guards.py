"""What the database promises about the sale's tables, besides that its history is append-only."""

from __future__ import annotations

from typing import Final

from kernel.guards import Promise
from kernel.schema import fixed_mode, kept_facts, trigger, trigger_function

_OF_ORDER: Final = {"order_id": "revenue_order"}

_OFFER_FROZEN: Final = trigger_function(
    "revenue_offer_frozen",
    """
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
END """,
)

PROMISES: Final = (
    Promise(
        table="revenue_offer",
        guards=(
            _OFFER_FROZEN,
            trigger(
                "revenue_offer",
                "revenue_offer_frozen",
                "BEFORE UPDATE",
                "FOR EACH ROW EXECUTE FUNCTION revenue_offer_frozen()",
            ),
        ),
    ),
    fixed_mode("revenue_offerprice"),
    fixed_mode("revenue_offerviews"),
    fixed_mode("revenue_paymentlink", follows={"deal_id": "crm_deal"}),
    fixed_mode(
        "revenue_checkoutsession",
        follows={"deal_id": "crm_deal", "payment_link_id": "revenue_paymentlink"},
    ),
    fixed_mode(
        "revenue_order",
        follows={"checkout_id": "revenue_checkoutsession", "deal_id": "crm_deal"},
    ),
    fixed_mode("revenue_stripewebhookevent", follows=_OF_ORDER),
    fixed_mode(
        "revenue_revenueevent", follows={**_OF_ORDER, "event_id": "revenue_stripewebhookevent"}
    ),
    fixed_mode("revenue_refundrequest", follows=_OF_ORDER),
    fixed_mode("revenue_refundpaidelsewhere", follows=_OF_ORDER),
    fixed_mode("revenue_excesssettlement", follows=_OF_ORDER),
    fixed_mode("revenue_refund", follows=_OF_ORDER),
    fixed_mode("revenue_dispute", follows=_OF_ORDER),
    fixed_mode("revenue_buyermail", follows=_OF_ORDER),
    fixed_mode("revenue_reconcilerun"),
    kept_facts(
        "revenue_stripewebhookevent",
        frozen=(
            *("id", "stripe_id", "type", "object_id", "api_version", "account", "livemode"),
            *("mode", "body_sha256", "is_listed", "stripe_created_at", "received_at"),
        ),
        erasable=("body",),
        once=("fact_sha256", "emptied_at"),
    ),
    kept_facts(
        "revenue_refund",
        frozen=("id", "stripe_id", "order_id", "mode", "amount_minor", "currency", "created_at"),
    ),
    kept_facts(
        "revenue_dispute",
        frozen=("id", "stripe_id", "order_id", "mode", "amount_minor", "currency", "opened_at"),
    ),
    kept_facts(
        "revenue_refundrequest",
        frozen=(
            *("id", "reference", "mode", "order_id", "amount_minor", "currency"),
            *("requested_by_id", "requested_at", "is_retry"),
        ),
        erasable=("reason",),
        once=("stripe_id",),
    ),
)

"""The operators' pages of the sale, below ``/console/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from kernel.addresses import FOREIGN_ID
from revenue.views import (
    briefs,
    disputes,
    events,
    excess,
    links,
    notes,
    offers,
    outbox,
    payment_links,
    reconciling,
    refund_lists,
    refunds,
    reviews,
)

urlpatterns: list[URLPattern] = [
    path("offers/", offers.offers, name="offer-admin-list"),
    path("offers/new/", offers.new, name="offer-new"),
    path("offers/<str:reference>/", offers.edit, name="offer-edit"),
    path("offers/<str:reference>/preview/", offers.preview, name="offer-preview"),
    path("offers/<str:reference>/publish/", offers.publish, name="offer-publish"),
    path("offers/<str:reference>/price/", offers.price, name="offer-price"),
    path("offers/<str:reference>/version/", offers.next_version, name="offer-version"),
    path("offers/<str:reference>/discard/", offers.discard, name="offer-discard"),
    path("offers/<str:reference>/retire/", offers.retire, name="offer-retire"),
    path("deals/<str:reference>/checkout/", payment_links.prepare, name="checkout-prepare"),
    path("deals/<str:reference>/payment-link/", payment_links.create, name="payment-link-create"),
    path("deals/<str:reference>/offer/", payment_links.choose, name="deal-offer"),
    path("checkouts/<str:reference>/", payment_links.checkout, name="checkout-prepared"),
    path("checkouts/<str:reference>/close/", payment_links.close, name="checkout-close"),
    path("payment-links/<str:reference>/", payment_links.payment_link, name="payment-link"),
    path(
        "payment-links/<str:reference>/deactivate/",
        payment_links.deactivate,
        name="payment-link-deactivate",
    ),
    path(
        "payment-links/<str:reference>/anew/",
        payment_links.make_anew,
        name="payment-link-anew",
    ),
    path("refunds/", refund_lists.refunds, name="refund-list"),
    path("refunds/<foreign_id:stripe_id>/", refund_lists.refund_detail, name="refund"),
    path(
        "orders/<str:reference>/paid-elsewhere/",
        refund_lists.paid_elsewhere,
        name="order-paid-elsewhere",
    ),
    path("orders/<str:reference>/excess/", excess.excess, name="order-excess"),
    path("disputes/", disputes.disputes, name="dispute-list"),
    path("disputes/<foreign_id:stripe_id>/", disputes.dispute, name="dispute"),
    path("orders/<str:reference>/refund/", refunds.refund, name="order-refund"),
    path("orders/<str:reference>/review/", reviews.review, name="order-review"),
    path("orders/<str:reference>/reopen/", reviews.reopen, name="order-reopen"),
    path(
        "orders/<str:reference>/double-meant/",
        reviews.double_meant,
        name="order-double-meant",
    ),
    path("orders/<str:reference>/brief/", briefs.brief, name="order-brief-answer"),
    path("orders/<str:reference>/note/", notes.add, name="order-note"),
    path("orders/<str:reference>/links/revoke/", links.revoke_links, name="order-links-revoke"),
    path("events/", events.events, name="event-list"),
    path(f"events/<{FOREIGN_ID}:stripe_id>/", events.event, name="event"),
    path(f"events/<{FOREIGN_ID}:stripe_id>/dry-run/", events.try_replay, name="event-dry-run"),
    path(f"events/<{FOREIGN_ID}:stripe_id>/replay/", events.replay, name="event-replay"),
    path(f"events/<{FOREIGN_ID}:stripe_id>/close/", events.close, name="event-close"),
    path("reconcile/", reconciling.runs, name="reconcile-list"),
    path("reconcile/start/", reconciling.start, name="reconcile-start"),
    path("reconcile/<int:run_id>/", reconciling.run, name="reconcile-run"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:reference>/", outbox.outbox_mail, name="outbox-mail"),
    path("outbox/<str:reference>/html/", outbox.outbox_mail_html, name="outbox-mail-html"),
    path("outbox/<str:reference>/resend/", outbox.resend, name="mail-resend"),
]

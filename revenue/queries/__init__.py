"""Reads of the sale; other apps may ask them too. None of them writes."""

from revenue.queries.daily_totals import DailyTotals, DayTotal, daily_totals
from revenue.queries.funnel import CHECKOUTS_COUNTED_MAX, PurchaseFunnel, purchase_funnels
from revenue.queries.money import exceeds_what_is_left, is_payment_known, known_refunds
from revenue.queries.offers import sellable_offers
from revenue.queries.order_file import OrderFile, order_file
from revenue.queries.order_rows import (
    DisputeRow,
    ExcessSettlementRow,
    MailRow,
    NoteRow,
    PaidElsewhereRow,
    RefundRequestRow,
    RevenueEventRow,
)
from revenue.queries.orders import (
    offers_ever_sold,
    orders_of_buyer,
    orders_page,
    orders_to_review,
)
from revenue.queries.reconciled import newest_reconcile
from revenue.queries.refusals import RefusalTotal, refused_lately, runs_of_refusals
from revenue.queries.rows import CheckoutRow, EarlierPayment, OfferRow, OrderRow, PaymentLinkRow
from revenue.queries.sale_records import (
    AfterPayment,
    SaleAttempt,
    SaleEvent,
    SaleRows,
    is_known,
    order_ref_of,
    sale_orders,
    sale_rows,
    trace_of,
)
from revenue.queries.sales import sales_of_deal

__all__ = [
    "CHECKOUTS_COUNTED_MAX",
    "AfterPayment",
    "CheckoutRow",
    "DailyTotals",
    "DayTotal",
    "DisputeRow",
    "EarlierPayment",
    "ExcessSettlementRow",
    "MailRow",
    "NoteRow",
    "OfferRow",
    "OrderFile",
    "OrderRow",
    "PaidElsewhereRow",
    "PaymentLinkRow",
    "PurchaseFunnel",
    "RefundRequestRow",
    "RefusalTotal",
    "RevenueEventRow",
    "SaleAttempt",
    "SaleEvent",
    "SaleRows",
    "daily_totals",
    "exceeds_what_is_left",
    "is_known",
    "is_payment_known",
    "known_refunds",
    "newest_reconcile",
    "offers_ever_sold",
    "order_file",
    "order_ref_of",
    "orders_of_buyer",
    "orders_page",
    "orders_to_review",
    "purchase_funnels",
    "refused_lately",
    "runs_of_refusals",
    "sale_orders",
    "sale_rows",
    "sales_of_deal",
    "sellable_offers",
    "trace_of",
]

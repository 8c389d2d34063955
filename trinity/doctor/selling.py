"""Whether something can be sold: Stripe, its endpoint, the offers, the sweeps, the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from kernel import due_work, waiting_list
from kernel.modes import Mode
from revenue import queries
from revenue.enums import Refusal
from revenue.ports import PRICE_INACTIVE, EndpointFact, GatewayError, PaymentGateway
from revenue.queries.offers import (
    links_on_old_prices,
    prices_on_sale,
    sellable_offers,
    unready_offers,
)
from trinity.doctor.findings import Finding, bad, ok, warn

REMEDIES: Final = {
    Refusal.SECRET: "Compare the endpoint's signing secret with STRIPE_WEBHOOK_SECRETS; if it "
    "fits, somebody forges deliveries, and none was believed.",
    Refusal.STALE: "Set this machine's clock.",
    Refusal.BODY: "Let the endpoint send snapshot events; see the door's log.",
}
COMPARED_WITHIN: Final = timedelta(hours=3)
PATHS: Final = ("/webhooks/stripe", "/webhooks/stripe/")


def look_at_stripe(gateway: PaymentGateway) -> Iterator[Finding]:
    """Whose account the key opens, and whether the webhook's endpoint fits."""
    try:
        account = gateway.account()
        endpoints = gateway.endpoints()
    except GatewayError as error:
        yield bad(
            "Stripe",
            f"{settings.STRIPE_API_BASE} does not answer as it should ({error.code})",
            "Check STRIPE_SECRET_KEY, STRIPE_API_BASE and the network; a restricted key needs "
            "to read account, balance and webhook endpoints.",
        )
        return
    is_live = settings.DEPLOYMENT_MODE == Mode.LIVE
    if account.livemode != is_live:
        yield bad(
            "Stripe",
            f"the key is {'live' if account.livemode else 'no live key'}, the deployment is "
            f"{settings.DEPLOYMENT_MODE}",
            "Correct STRIPE_SECRET_KEY or TRINITY_MODE.",
        )
    elif not account.may_take_payments:
        yield bad(
            "Stripe",
            f"{account.account_id} may not take payments yet",
            "Finish the account's set-up in Stripe's dashboard.",
        )
    else:
        yield ok("Stripe", f"{account.account_id} takes payments")
    if not account.may_be_paid_out:
        yield warn("payouts", "Stripe holds them back", "See Stripe's dashboard.")
    yield from _endpoint(endpoints, needed=gateway.event_types())


def _endpoint(endpoints: Sequence[EndpointFact], *, needed: frozenset[str]) -> Iterator[Finding]:
    ours = [each for each in endpoints if _is_ours(each)]
    if not ours:
        nearest = settings.DOORS_URL or settings.BASE_URL
        yield warn(
            "webhook endpoint",
            f"none of the account's points at {settings.BASE_URL}{PATHS[0]}",
            "Make one in Stripe's dashboard, pinned to an accepted API version; on a laptop run "
            f"stripe listen --latest --forward-to {nearest}{PATHS[0]}.",
        )
    for endpoint in ours:
        yield from _one_endpoint(endpoint, needed=needed)


def _is_ours(endpoint: EndpointFact) -> bool:
    origins = {settings.BASE_URL, settings.DOORS_URL or settings.BASE_URL}
    return endpoint.url in {f"{origin}{path}" for origin in origins for path in PATHS}


def _one_endpoint(endpoint: EndpointFact, *, needed: frozenset[str]) -> Iterator[Finding]:
    what = f"endpoint {endpoint.endpoint_id}"
    if not endpoint.is_enabled:
        yield bad(what, "is switched off", "Switch it on in Stripe's dashboard.")
    version = endpoint.api_version or "the account's own version"
    if endpoint.api_version not in settings.STRIPE_API_VERSIONS:
        yield bad(
            what,
            f"renders events with {version}, which STRIPE_API_VERSIONS does not name",
            "Its events are parked. Make a new endpoint pinned to an accepted version.",
        )
    else:
        yield ok(what, f"renders events with {version}")
    missing = sorted(set() if "*" in endpoint.event_types else needed - {*endpoint.event_types})
    if missing:
        yield bad(what, f"does not send {', '.join(missing)}", "Add these events to the endpoint.")
    else:
        yield ok(what, "sends every event that means something to us")


def look_at_offers() -> Iterator[Finding]:
    """What is on sale, and whether Stripe knows its price."""
    on_sale = sellable_offers()
    if not on_sale:
        yield warn("offers", "nothing is on sale", "Publish one, or run manage.py seed_offer.")
        return
    yield ok("offers", f"{len(on_sale)} on sale")
    for offer in unready_offers(mode=settings.DEPLOYMENT_MODE):
        yield warn(
            "price",
            f"Stripe does not know the price of {offer.slug}, version {offer.version}",
            "The first purchase makes it; or press the button on the offer's page.",
        )


def look_at_prices(gateway: PaymentGateway) -> Iterator[Finding]:
    """Whether Stripe still sells at the prices of what is on sale, and who holds an old link."""
    mode = settings.DEPLOYMENT_MODE
    try:
        for offer, price_id in prices_on_sale(mode=mode):
            if ailment := gateway.what_ails_price(price_id):
                why = "has archived" if ailment == PRICE_INACTIVE else "does not know"
                yield bad(
                    "price",
                    f"Stripe {why} {price_id}, the price of {offer.slug}, version {offer.version}",
                    "The next purchase makes it anew; or press the button on the offer's page.",
                )
    except GatewayError:
        return  # said of Stripe above
    if old := links_on_old_prices(mode=mode):
        yield warn(
            "payment links",
            f"nobody can pay by {', '.join(old)}: their price is gone",
            "Make them anew on their pages.",
        )


def look_at_refusals(now: datetime) -> Iterator[Finding]:
    """What the webhook's door refused within a day: how many, when last, and why."""
    refused = queries.refused_lately(now)
    for each in refused:
        words = f"{each.times} refused within a day, the last {each.last_at:%Y-%m-%d %H:%M} UTC"
        if each.is_signed:
            yield warn("deliveries", f"{words}: {each.words}", REMEDIES[each.reason])
        else:
            yield ok("deliveries", f"{words}: {each.words}; anybody may send such")
    if not refused:
        yield ok("deliveries", "none was refused within a day")


def look_at_work(now: datetime) -> Iterator[Finding]:
    """Whether the sweeps keep up, what waits for a person, when the books were compared."""
    kinds, late = due_work.known(), due_work.of_our_processes(due_work.late(now))
    for kind, waited_s in sorted(late.items()):
        yield bad(
            kinds[kind].words,
            f"due since {int(waited_s // 60)} min",
            "Check that worker and beat run.",
        )
    if not late:
        yield ok("sweeps", "nothing is late")
    for_people = waiting_list.items()
    if for_people:
        yield warn("people", f"{len(for_people)} thing(s) wait for a person", "See the dashboard.")
    yield from _comparison(now)


def _comparison(now: datetime) -> Iterator[Finding]:
    what, remedy = "reconciliation", "Run manage.py reconcile."
    newest = queries.newest_reconcile(mode=settings.DEPLOYMENT_MODE)
    if newest is None:
        yield warn(what, "our books were never compared with Stripe's", remedy)
    elif newest.error_class:
        yield bad(
            what, f"the last one broke off ({newest.error_code or newest.error_class})", remedy
        )
    elif newest.ledger_findings:
        yield bad(
            what,
            f"{newest.ledger_findings} difference(s) between the ledger and our rows "
            f"({newest.started_at:%Y-%m-%d %H:%M} UTC)",
            f"Run manage.py verify_ledger; see {settings.BASE_URL}/console/reconcile/{newest.id}/.",
        )
    elif newest.differences:
        yield bad(
            what,
            f"{newest.differences} difference(s) between our books and Stripe's",
            f"See {settings.BASE_URL}/console/reconcile/{newest.id}/.",
        )
    elif now - newest.started_at > COMPARED_WITHIN:
        yield warn(what, f"the last one was at {newest.started_at:%Y-%m-%d %H:%M} UTC", remedy)
    else:
        yield ok(what, f"our books and Stripe's agree ({newest.started_at:%H:%M} UTC)")

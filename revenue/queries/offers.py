"""Offers, as operators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from revenue.enums import OfferState, PaymentLinkState
from revenue.models import Offer, OfferPrice, PaymentLink
from revenue.queries.rows import OfferRow, offer_row

OFFERS_SHOWN_MAX = 200
LINKS_NAMED_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFamily:
    """All versions of one offer: the one that counts today, and the others, newest first."""

    current: Offer
    draft: Offer | None
    earlier: Sequence[Offer]


def offer_families(*, is_sample: bool = False) -> list[OfferFamily]:
    """Return every offer with its versions, those on sale first. One statement."""
    by_slug: dict[str, list[Offer]] = {}
    rows = Offer.objects.filter(is_sample=is_sample).order_by("-id")[:OFFERS_SHOWN_MAX]
    for offer in rows:
        by_slug.setdefault(offer.slug, []).append(offer)
    families = [_family(versions) for versions in by_slug.values()]
    rank = {OfferState.PUBLISHED: 0, OfferState.DRAFT: 1, OfferState.RETIRED: 2}
    return sorted(
        families, key=lambda each: (rank[OfferState(each.current.state)], each.current.title)
    )


def _family(versions: list[Offer]) -> OfferFamily:
    versions = sorted(versions, key=lambda offer: offer.version, reverse=True)
    draft = next((offer for offer in versions if offer.state == OfferState.DRAFT), None)
    on_sale = next((offer for offer in versions if offer.state == OfferState.PUBLISHED), None)
    current = on_sale or draft or versions[0]
    earlier = [offer for offer in versions if offer not in (current, draft)]
    return OfferFamily(current=current, draft=draft if draft != current else None, earlier=earlier)


def offer_by_reference(reference: str) -> Offer | None:
    """Return one version of an offer, or None."""
    return Offer.objects.filter(reference=reference).first()


def offer_on_sale(slug: str) -> Offer | None:
    """Return the version at this address that is on sale, or None."""
    return Offer.objects.filter(slug=slug, state=OfferState.PUBLISHED, is_sample=False).first()


def offer_taken_off_sale(slug: str) -> Offer | None:
    """Return the newest version at this address that was once on sale, or None."""
    retired = Offer.objects.filter(slug=slug, state=OfferState.RETIRED, is_sample=False)
    return retired.order_by("-version").first()


def public_offers() -> list[Offer]:
    """Return what is on sale to everybody, by title. One statement."""
    published = Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False)
    return list(published.filter(is_public=True).order_by("title"))


def versions_of(offer: Offer) -> Sequence[Offer]:
    """Return all versions of the offer, newest first."""
    return list(Offer.objects.filter(slug=offer.slug).order_by("-version"))


def version_in_words(reference: str) -> str:
    """Return what to call one version: ``Snapshot, version 2``; nothing where there is none."""
    offer = Offer.objects.filter(reference=reference).only("title", "version").first()
    return f"{offer.title}, version {offer.version}" if offer else ""


def sellable_offers() -> list[OfferRow]:
    """Return every published offer, public or not, by title. One statement."""
    published = Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False)
    return [offer_row(offer) for offer in published.order_by("title")]


def sellable_offer(reference: str) -> Offer | None:
    """Return the published offer called ``reference``, public or not, or None."""
    published = Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False)
    return published.filter(reference=reference).first()


def sellable_offer_by_id(offer_id: int) -> Offer | None:
    """Return the published version of that id, public or not, or None."""
    return Offer.objects.filter(pk=offer_id, state=OfferState.PUBLISHED, is_sample=False).first()


def price_of(offer: Offer, *, mode: str) -> OfferPrice | None:
    """Return under which ids Stripe knows the offer in ``mode``; None before anybody asked."""
    return OfferPrice.objects.filter(offer=offer, mode=mode).first()


def prices_on_sale(*, mode: str) -> list[tuple[OfferRow, str]]:
    """Return what is on sale with Stripe's id of its price, where it has one. One statement."""
    prices = _prices_of_sellable_offers(mode=mode).filter(ready_at__isnull=False).order_by("pk")
    return [(offer_row(price.offer), price.stripe_price_id) for price in prices]


def prices_to_look_after(*, mode: str, limit: int) -> list[OfferPrice]:
    """Return prices on sale, those first about which Stripe was not asked for longest.

    Among them are those that Stripe did not make anew when it was asked to. One statement.
    """
    by_age = F("asked_at").asc(nulls_first=True)
    were_made = Q(ready_at__isnull=False) | Q(times_renewed__gt=0)
    return list(
        _prices_of_sellable_offers(mode=mode).filter(were_made).order_by(by_age, "pk")[:limit]
    )


def _prices_of_sellable_offers(*, mode: str) -> QuerySet[OfferPrice]:
    return OfferPrice.objects.select_related("offer").filter(
        mode=mode, offer__state=OfferState.PUBLISHED, offer__is_sample=False
    )


def links_on_old_prices(*, mode: str, offer_id: int | None = None) -> list[str]:
    """Return what the open payment links are called that ask for a price made anew since.

    Stripe lets nobody pay by them. One statement.
    """
    now_sold_at = OfferPrice.objects.filter(
        offer=OuterRef("offer"), mode=OuterRef("mode"), times_renewed__gt=0
    )
    asked = KeyTextTransform("price", KeyTransform("0", KeyTransform("line_items", "parameters")))
    links = PaymentLink.objects.filter(state=PaymentLinkState.ACTIVE, mode=mode).annotate(
        asks_for=asked, sold_at=Subquery(now_sold_at.values("stripe_price_id")[:1])
    )
    old = links.filter(sold_at__isnull=False).exclude(asks_for=F("sold_at"))
    if offer_id is not None:
        old = old.filter(offer=offer_id)
    return list(old.order_by("pk").values_list("reference", flat=True)[:LINKS_NAMED_MAX])


def unready_offers(*, mode: str) -> list[OfferRow]:
    """Return what is on sale but has no price at Stripe yet; the first buyer would make it."""
    ready = OfferPrice.objects.filter(mode=mode, ready_at__isnull=False).values("offer")
    on_sale = Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False)
    return [offer_row(offer) for offer in on_sale.exclude(pk__in=ready).order_by("slug")]

"""The ledger's pages: the list, one entry, and the keys that the world may check seals with."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from kernel.modes import MODE_WORDS, Mode
from kernel.money import Money
from kernel.paging import Cursor
from kernel.permissions import needs, public
from ledger import queries
from ledger.facts import StoredFact
from ledger.forms import LedgerFilterForm

LATE_AFTER: Final = timedelta(minutes=5)
KEY_MAX_AGE_S: Final = 300
NOBODY: Final = {"system": "the system", "visitor": "a visitor"}


@needs("ledger.view_ledgerentry")
@require_safe
def entry_list(request: HttpRequest) -> HttpResponse:
    """List what happened, newest first, beside the balances and the seals. 4 statements."""
    form = LedgerFilterForm(request.GET)
    sought = form.cleaned_data if form.is_valid() else {}
    page = queries.entry_page(
        cursor=Cursor.from_query(request.GET),
        kind=sought.get("kind", ""),
        mode=sought.get("mode", ""),
        trace_ref=sought.get("trace", "").strip(),
        account=sought.get("account", "").strip(),
    )
    state = queries.seal_state()
    oldest = state.oldest_waiting_at
    is_backlogged = state.entries_waiting >= queries.COUNT_MAX
    context = {
        "nav": "ledger",
        "form": form,
        "is_filtered": any(sought.values()),
        "entries": [(row, _by(row)) for row in page.rows],
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
        "balances": _by_mode(
            queries.balances(
                mode=sought.get("mode", ""),
                account=sought.get("account", "").strip(),
                is_sealed_only=is_backlogged,
            )
        ),
        "seals": state,
        "sealed_entries": f"{state.last_position:,}",
        "waiting_entries": f"{state.entries_waiting:,}",
        "is_backlogged": is_backlogged,
        "is_sealing_late": bool(oldest and oldest < timezone.now() - LATE_AFTER),
    }
    return render(request, "ledger/entry_list.html", context)


@needs("ledger.view_ledgerentry")
@require_safe
def entry(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one entry: its facts, legs, place under the seals, and how to check it. 4 statements."""
    found = queries.entry_row(reference)
    if found is None:
        raise Http404(reference)
    proof = queries.inclusion_proof(entry_id=found.entry_id)
    steps = proof.steps if proof else []
    context = {
        "nav": "ledger",
        "entry": found,
        "title": found.words,
        "by": _by(found),
        "facts": _facts_in_words(found.facts),
        "proof": proof,
        "root_hash": bytes(proof.seal.merkle_root).hex() if proof else "",
        "steps": [("left" if step.is_left else "right", step.sibling.hex()) for step in steps],
    }
    return render(request, "ledger/entry.html", context)


@public
@require_safe
@cache_control(public=True, max_age=KEY_MAX_AGE_S)
def keys(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  # Django calls it
    """Publish the public keys that seals are signed with, so that others can check them."""
    return JsonResponse(
        {
            "what": "Ed25519 public keys that sign this ledger's seals, oldest first.",
            "keys": [
                {
                    "key_id": key.key_id,
                    "algorithm": "Ed25519",
                    "public_key_hex": bytes(key.public_key).hex(),
                    "public_key_base64": base64.b64encode(bytes(key.public_key)).decode(),
                    "first_used_at": key.first_used_at.isoformat(),
                }
                for key in queries.published_keys()
            ],
        }
    )


def _by(row: queries.EntryRow) -> str:
    """Say who acted; "" where nobody did: a fact of Stripe's."""
    return NOBODY.get(row.actor, row.actor)


def _facts_in_words(facts: Mapping[str, StoredFact]) -> list[tuple[str, str]]:
    """Return facts as label and value; an amount and its currency are said as money."""
    currency = facts.get("currency")
    lines = []
    for name, value in facts.items():
        label, is_minor = name.removesuffix("_minor"), name.endswith("_minor")
        if is_minor and isinstance(value, int) and isinstance(currency, str):
            lines.append((queries.in_words(label), str(Money(value, currency))))
        elif isinstance(value, bool):
            lines.append((queries.in_words(name), "yes" if value else "no"))
        elif name != "currency" or not any(other.endswith("_minor") for other in facts):
            lines.append((queries.in_words(name), str(value)))
    return lines


def _by_mode(
    balances: list[queries.AccountBalance],
) -> list[tuple[str, str, list[tuple[str, list[queries.AccountBalance]]]]]:
    """Return the balances of each mode apart, our own mode first, and by currency inside.

    Neither is ever added. The words of our own mode stand on every page already.
    """
    modes = [
        (mode, "" if mode == settings.DEPLOYMENT_MODE else MODE_WORDS[Mode(mode)], _split(group))
        for mode, group in groupby(balances, key=lambda balance: balance.mode)
    ]
    return sorted(modes, key=lambda found: found[0] != settings.DEPLOYMENT_MODE)


def _split(
    balances: Iterable[queries.AccountBalance],
) -> list[tuple[str, list[queries.AccountBalance]]]:
    by_currency = groupby(balances, key=lambda balance: balance.amount.currency)
    return [(currency, list(lines)) for currency, lines in by_currency]

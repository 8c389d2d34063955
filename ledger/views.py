"""The ledger's pages: the list, one entry, and the keys that the world may check seals with."""

from __future__ import annotations

import base64
from datetime import timedelta
from itertools import groupby
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from kernel.doors import needs, public
from kernel.modes import MODE_WORDS, Mode
from kernel.paging import Cursor
from ledger import queries
from ledger.forms import LedgerFilterForm

LATE_AFTER: Final = timedelta(minutes=5)
KEY_MAX_AGE_S: Final = 300


@needs("ledger.view_ledgerentry")
@require_safe
def entry_list(request: HttpRequest) -> HttpResponse:
    """List what happened, newest first, beside the balances and the seals. 5 statements."""
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
    context = {
        "nav": "ledger",
        "form": form,
        "is_filtered": any(sought.values()),
        "entries": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
        "balances": _by_mode(queries.balances()),
        "seals": state,
        "is_sealing_late": bool(oldest and oldest < timezone.now() - LATE_AFTER),
    }
    return render(request, "ledger/entry_list.html", context)


@needs("ledger.view_ledgerentry")
@require_safe
def entry(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one entry: its facts, legs, place under the seals, and how to check it. 6 statements."""
    found = queries.entry_row(reference)
    if found is None:
        raise Http404(reference)
    proof = queries.inclusion_proof(entry_id=found.entry_id)
    steps = proof.steps if proof else []
    context = {
        "nav": "ledger",
        "entry": found,
        "facts": [(name.replace("_", " "), value) for name, value in found.facts.items()],
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


def _by_mode(
    balances: list[queries.AccountBalance],
) -> list[tuple[str, str, list[queries.AccountBalance]]]:
    """Return the balances of each mode apart, with the mode's words: modes are never added."""
    return [
        (mode, MODE_WORDS[Mode(mode)], list(group))
        for mode, group in groupby(balances, key=lambda balance: balance.mode)
    ]

"""Integrations: how far each provider was proved to work, and the buttons that prove it."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.liveness import database_now
from kernel.permissions import fresh_login, needs
from toolrouter.connections import Provider, provider_of
from toolrouter.exchanges.verifying import CannotVerify, verify_provider
from toolrouter.forms.integrations import ConfirmForm
from toolrouter.queries.readiness import integrations
from toolrouter.usecases.attest_provider import NotToAttest, attest_provider
from toolrouter.views.shared import FormPage, actor
from toolrouter.vocabulary import Readiness

NAV: Final = "integrations"
NO_ANSWER: Final = "{} could not be reached ({}). Nothing was changed: the last test still counts."
TURNED_AWAY: Final = "{} rejected the key ({}). Agents' calls are denied until a test succeeds."
PROVED: Final = "{} answered: {}. The result was recorded."


@needs("toolrouter.view_providerreadiness")
@never_cache
@require_safe
def integration_list(request: HttpRequest) -> HttpResponse:
    """Show each provider, how far it is ready under its present key, and what shows that."""
    page = {"nav": NAV, "integrations": integrations()}
    return render(request, "toolrouter/integrations.html", page)


@needs("toolrouter.test_provider")
@require_POST
def test_provider(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the provider whose account our key opens, and note what it says."""
    provider = _provider(name, has_api=True)
    try:
        verified = verify_provider(
            provider, actor_id=actor(request), clock=database_now, is_waited_for=True
        )
    except CannotVerify as error:
        messages.error(request, NO_ANSWER.format(provider.title, error.code))
    else:
        if verified.code:
            messages.error(request, TURNED_AWAY.format(provider.title, verified.code))
        else:
            messages.success(request, PROVED.format(provider.title, verified.account_ref))
    return redirect(NAV)


@needs("toolrouter.attest_provider")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest, name: str) -> HttpResponse:
    """Vouch for a provider that no programme can test."""
    provider = _provider(name, has_api=False)
    page = FormPage(
        title=f"Attest {provider.title.lower()}",
        button="Attest",
        back=reverse(NAV),
        intro="This cannot be tested automatically. Once you attest it, live calls may use it, "
        "after an approval and within the caps, until an owner withdraws the attestation.",
        nav=NAV,
    )
    return _say(request, page, name, Readiness.ATTESTED, done="Attested.")


@needs("toolrouter.attest_provider")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, name: str) -> HttpResponse:
    """Vouch for a provider no longer."""
    provider = _provider(name, has_api=False)
    page = FormPage(
        title=f"Withdraw the attestation of {provider.title.lower()}",
        button="Withdraw the attestation",
        back=reverse(NAV),
        intro="Live calls that need it are denied from now on, including those already approved.",
        is_grave=True,
        nav=NAV,
    )
    return _say(request, page, name, Readiness.CONFIGURED, done="The attestation was withdrawn.")


def _say(
    request: HttpRequest, page: FormPage, name: str, level: Readiness, *, done: str
) -> HttpResponse:
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        attest_provider(name, level=level, actor_id=actor(request), now=database_now())
    except NotToAttest as error:
        raise Http404(name) from error
    messages.success(request, done)
    return redirect(page.back)


def _provider(name: str, *, has_api: bool) -> Provider:
    provider = provider_of(name)
    if provider is None or provider.has_api != has_api:
        raise Http404(name)
    return provider

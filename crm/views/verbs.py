"""What an operator does with a deal. Each form is shown on the deal's page and posts here."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm import queries
from crm.enums import DealStage
from crm.forms import AssignForm, DeclineForm, MoveForm, NoteForm
from crm.queries.lists import NoSuchDeal, NoSuchTrapped
from crm.usecases import review_lead, work_deal
from crm.usecases.request_snapshot import rescue_trapped
from kernel.permissions import needs
from kernel.transitions import IllegalMove, LostRace

ANSWERED = "This lead was already answered; the timeline below says by whom. Nothing was changed."


@needs("crm.review_lead")
@require_POST
def accept_lead(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Accept a lead."""
    try:
        review_lead.accept_lead(deal_ref=deal_ref, actor_id=_actor(request), now=timezone.now())
    except NoSuchDeal as error:
        raise Http404(deal_ref) from error
    except (review_lead.AlreadyAnswered, LostRace):
        messages.warning(request, ANSWERED)
    else:
        messages.success(request, "Accepted. Prepare a checkout or a payment link next.")
    return redirect("deal", deal_ref)


@needs("crm.review_lead")
@require_POST
def rescue(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a lead of a request that only looked like spam."""
    try:
        deal_ref = rescue_trapped(reference, actor_id=_actor(request), now=timezone.now())
    except NoSuchTrapped:
        messages.warning(request, "Nothing was changed: it was rescued already, or is forgotten.")
        return redirect("spam-list")
    messages.success(request, "It is a lead now. Accept or decline it.")
    return redirect("deal", deal_ref)


@needs("crm.review_lead")
@require_POST
def decline_lead(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Decline a lead, with a reason."""
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _again(request, deal_ref, form, "Decline this lead", button="Decline")
    try:
        review_lead.decline_lead(
            deal_ref=deal_ref,
            reason=form.cleaned_data["reason"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except NoSuchDeal as error:
        raise Http404(deal_ref) from error
    except (review_lead.AlreadyAnswered, LostRace):
        messages.warning(request, ANSWERED)
    else:
        messages.success(request, "Declined. The visitor was not told; write to them if you like.")
    return redirect("deal", deal_ref)


@needs("crm.work_deal")
@require_POST
def add_note(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Write a note under a deal."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _again(request, deal_ref, form, "Add a note", button="Add the note")
    try:
        work_deal.add_note(
            deal_ref=deal_ref,
            words=form.cleaned_data["words"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except NoSuchDeal as error:
        raise Http404(deal_ref) from error
    messages.success(request, "The note is in the timeline.")
    return redirect("deal", deal_ref)


@needs("crm.work_deal")
@require_POST
def assign_deal(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Hand a deal to somebody."""
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _again(request, deal_ref, form, "Hand this deal to somebody", button="Hand over")
    try:
        work_deal.assign_deal(
            deal_ref=deal_ref,
            owner_id=form.cleaned_data["owner"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except NoSuchDeal as error:
        raise Http404(deal_ref) from error
    except work_deal.NotAnOwner:
        messages.error(request, "That person may not own deals any more. Nothing was changed.")
    else:
        messages.success(request, "The deal has its owner.")
    return redirect("deal", deal_ref)


@needs("crm.work_deal")
@require_POST
def move_deal(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Move a deal by hand."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _again(request, deal_ref, form, "Move this deal", button="Move")
    try:
        work_deal.move_deal(
            deal_ref=deal_ref,
            to=DealStage(form.cleaned_data["stage"]),
            reason=form.cleaned_data["reason"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except NoSuchDeal as error:
        raise Http404(deal_ref) from error
    except (IllegalMove, LostRace):
        messages.warning(
            request, "The deal stands elsewhere by now and cannot go there. Nothing was changed."
        )
    else:
        messages.success(request, "The deal was moved.")
    return redirect("deal", deal_ref)


def _again(
    request: HttpRequest, deal_ref: str, form: forms.Form, title: str, *, button: str
) -> HttpResponse:
    """Show one form by itself, with what was typed and what is wrong with it."""
    deal = queries.deal_by_reference(deal_ref)
    if deal is None:
        raise Http404(deal_ref)
    context = {"nav": "deal-list", "deal": deal, "form": form, "title": title, "button": button}
    return render(request, "crm/deal_form.html", context)


def _actor(request: HttpRequest) -> int:
    """Return who is logged in; ``needs`` has made sure that somebody is."""
    actor_id = request.user.pk
    if actor_id is None:
        raise PermissionError("nobody is logged in")
    return int(actor_id)

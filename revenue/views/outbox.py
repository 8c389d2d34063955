"""The outbox: what was mailed to buyers, and sending again what may not have left."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel.paging import Cursor
from kernel.permissions import needs
from notices.enums import MAIL_KEPT_HERE
from notices.ports import KeptLetter
from notices.queries import is_mail_kept_here, kept_letter
from revenue.enums import MailState
from revenue.forms.mails import OutboxFilterForm
from revenue.queries.outbox import MailLine, NoSuchMail, mail_line, outbox_page
from revenue.usecases.resend_mail import NotToBeSent, resend_mail

TWICE = "The buyer may then get it twice."
NOT_YET = "It has not reached the buyer."


@needs("revenue.view_buyermail")
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """List mails to buyers, newest first. One statement."""
    form = OutboxFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = outbox_page(
        cursor=Cursor.from_query(request.GET),
        state=narrowed.get("state", ""),
        kind=narrowed.get("kind", ""),
        mode=narrowed.get("mode", ""),
    )
    context = {
        "nav": "outbox",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "is_kept_here": is_mail_kept_here(),
        "mails": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "revenue/outbox.html", context)


@needs("revenue.view_buyermail")
@never_cache
@require_safe
def outbox_mail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one mail; where mails are files on this machine, what it says too."""
    mail = mail_line(reference)
    if mail is None:
        raise Http404
    letter = _letter(mail)
    is_sent = mail.state == MailState.SENT
    context = {
        "nav": "outbox",
        "mail": mail,
        "note": MAIL_KEPT_HERE if is_mail_kept_here() and is_sent else mail.state_words.note,
        "resent": TWICE if mail.state == MailState.UNKNOWN else NOT_YET,
        "is_kept_here": is_mail_kept_here(),
        "letter": letter,
        "link": _link_in(letter.text) if letter else "",
    }
    return render(request, "revenue/outbox_mail.html", context)


@needs("revenue.view_buyermail")
@never_cache
@require_safe
def outbox_mail_html(_request: HttpRequest, reference: str) -> HttpResponse:
    """Show the HTML version of a mail as a mail program would; only where mails are files here."""
    mail = mail_line(reference)
    letter = _letter(mail) if mail else None
    if letter is None:
        raise Http404
    return HttpResponse(letter.html)


def _letter(mail: MailLine) -> KeptLetter | None:
    if mail.sent_at is None or not is_mail_kept_here():
        return None
    return kept_letter(message_id=mail.message_id, sent_at=mail.sent_at)


def _link_in(text: str) -> str:
    """Return the path of the buyer's link in a mail's text, on our own origin only."""
    start = f"{settings.BASE_URL}/o/"
    found = next((line for line in text.splitlines() if line.startswith(start)), "")
    return urlsplit(found).path


@needs("revenue.review_order")
@require_POST
def resend(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a mail again that failed, or of which nobody knows whether it left."""
    try:
        resend_mail(mail_ref=reference, actor_id=request.user.pk, now=datetime.now(UTC))
    except NoSuchMail as unknown:
        raise Http404 from unknown
    except NotToBeSent as refusal:
        messages.warning(request, f"Nothing was done: this mail is not to be sent ({refusal}).")
    else:
        messages.success(request, "Queued again. It leaves within seconds.")
    return redirect("outbox-mail", reference)

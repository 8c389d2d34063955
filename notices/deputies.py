"""The mail to whoever was named as somebody's deputy."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse

from kernel.modes import Mode
from kernel.people import name_of
from notices.enums import Lane
from notices.models import NoticePreference
from notices.outbox.kinds import Leaving, MailKind
from notices.outbox.letters import write_letter
from notices.ports import Letter

DEPUTY: Final = "notices.deputy"
TEMPLATE: Final = "notices/deputy"


def _letter(leaving: Leaving) -> Letter | None:
    """Return for whom the reader stands in and when; None where that was taken back or is over."""
    reader = get_user_model().objects.filter(pk=leaving.user_id, is_active=True).first()
    named = (
        NoticePreference.objects.select_related("user")
        .filter(
            user_id=leaving.facts["for"],
            deputy_id=leaving.user_id,
            deputy_until__gt=leaving.now,
        )
        .first()
    )
    if reader is None or named is None:
        return None
    return write_letter(
        template=TEMPLATE,
        facts={
            "whom": name_of(named.user),
            "begins": named.deputy_from,
            "ends": named.deputy_until,
            "inbox": f"{settings.BASE_URL}{reverse('approval-inbox')}",
        },
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=(reader.email,),
        reference=leaving.reference,
    )


KIND: Final = MailKind(
    id=DEPUTY,
    words="word that you stand in for somebody",
    lane=Lane.ACCOUNT,
    worth_sending=timedelta(days=7),
    write=_letter,
    facts=frozenset({"for"}),
)

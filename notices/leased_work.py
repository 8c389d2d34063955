"""The rows of messages to the team that workers lease, and what of them is work."""

from __future__ import annotations

from typing import Final

from kernel.leases import Leased
from notices.enums import MailState
from notices.models import OutgoingMail

LEASED_WORK: Final[tuple[tuple[type[Leased], str], ...]] = (
    (OutgoingMail, f"state = '{MailState.SENDING}'"),
)

"""What is kept of addresses that somebody typed to get in, for whoever erases a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from kernel.erasure import Eraser, ErasureResult, Person, StoredData
from notices.models import OutgoingMail


class TypedAddresses(Eraser):
    """Mails to an address of which nobody has asked yet whose it is: they are deleted."""

    erases = {"notices_outgoingmail": frozenset({"to_address", "facts"})}

    def recognise(self, person: Person) -> Person:
        """Add nothing: a typed address leads to nobody."""
        return person

    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return mails that wait; anybody may have typed their address."""
        refs = _mails(person).order_by("pk").values_list("reference", flat=True)
        return (
            StoredData(
                what="address of waiting mails to the team",
                refs=list(refs),
                stands_for_person=True,
                is_claimed=True,
            ),
        )

    def blank(self, person: Person, now: datetime) -> ErasureResult:  # noqa: ARG002  # of the port
        """Delete them."""
        _mails(person).delete()
        return ErasureResult(refs=(), counts={})


def _mails(person: Person) -> QuerySet[OutgoingMail]:
    typed = {email.strip().lower() for email in (person.email, *person.emails)} - {""}
    return OutgoingMail.objects.filter(to_address__in=typed)


ERASER: Final = TypedAddresses()

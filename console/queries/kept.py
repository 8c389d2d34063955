"""All that is kept about one person, by the address they are known under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.erasure import Person, StoredData, erasers


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectData:
    """What holds words about one person. References only, so that it may be printed."""

    person: Person
    kept: Sequence[StoredData]

    @property
    def subject(self) -> str:
        """The reference that stands for the person; "" where nothing is kept."""
        named = (ref for each in self.kept if each.stands_for_person for ref in each.refs)
        return next(filter(None, named), "")


def kept_about(email: str) -> SubjectData:
    """Return what is kept about the person of ``email``, however it is written."""
    person = Person(email=email, emails=frozenset({email, email.lower()}), rows={})
    for eraser in erasers():
        person = eraser.recognise(person)
    kept = [each for eraser in erasers() for each in eraser.kept(person)]
    return SubjectData(person=person, kept=sorted(kept, key=lambda each: each.is_claimed))


def is_known_as(text: str) -> bool:
    """Say whether somebody is kept under exactly this text, be it an address or not."""
    return any(eraser.is_known_as(text) for eraser in erasers())


def in_the_way(person: Person) -> list[str]:
    """Say, a sentence each, what must end before this person can be erased."""
    return [sentence for eraser in erasers() for sentence in eraser.in_the_way(person)]


def still_open(person: Person) -> list[str]:
    """Say, a sentence each, by what this person may become known again."""
    return [sentence for eraser in erasers() for sentence in eraser.still_open(person)]

"""A password is not what anybody would try first here: names of the seller, the product, the roles.

docs/operations.md, *Logins*, says the same in words.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from trinity.roles import ROLES

# Of this house whoever runs it; the seller's own words are added from the settings.
HOUSE: Final = frozenset({"trinity", "revenue", "console", "stripe", "snapshot", "sandbox"})
WORD_CHARS_MIN: Final = 4  # shorter ones stand in too many good passwords
OWN_CHARS_MIN: Final = 8  # what must be left when all of these words are taken out
LOOK_ALIKE: Final = str.maketrans("013457@$!", "oieastasi")
LETTERS: Final = re.compile(r"[^\W\d_]+")


def context_words() -> frozenset[str]:
    """Return the words, folded as passwords are before they are compared."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    named = f"{settings.SELLER_NAME} {host.rpartition('.')[0] or host} {settings.SITE_NAME}"
    found = {word for word in LETTERS.findall(named.casefold()) if len(word) >= WORD_CHARS_MIN}
    return frozenset({_folded(word) for word in found | HOUSE | set(ROLES)})


class ContextWordsValidator:
    """Refuse a password of which too little is left without the words of this place."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002  # Django's protocol
        """Raise ValidationError with what to do instead."""
        rest = _folded(password)
        for word in sorted(context_words(), key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest) < min(OWN_CHARS_MIN, len(password)):
            raise ValidationError(self.get_help_text(), code="password_of_context_words")

    def get_help_text(self) -> str:
        """Return the rule as a sentence."""
        return (
            "Names of the seller, of this product and of its roles do not count: "
            f"the password needs {OWN_CHARS_MIN} characters besides them."
        )


def _folded(words: str) -> str:
    return words.casefold().translate(LOOK_ALIKE)

"""What a form says of a field that does not fit, wherever the form has no words of its own.

Django's forms know one sentence per kind of mistake; ours stand in their place once, so that no
page, the admin and the login included, speaks in two voices.
"""

from __future__ import annotations

from typing import Final

from django import forms

TOO_LONG: Final = "Please write at most %(limit_value)d characters. This has %(show_value)d."
TOO_SHORT: Final = "Please write at least %(limit_value)d characters. This has %(show_value)d."
NOT_IN_TEXT: Final = "There is a character in it that no text may hold. Please type it again."
NO_EMAIL: Final = "This is no e-mail address. It looks like ada@example.com."

WORDS: Final[dict[type[forms.Field], dict[str, str]]] = {
    forms.Field: {"required": "Please fill this in."},
    forms.CharField: {
        "max_length": TOO_LONG,
        "min_length": TOO_SHORT,
        "null_characters_not_allowed": NOT_IN_TEXT,
    },
    forms.EmailField: {"invalid": NO_EMAIL},
    forms.SlugField: {"invalid": "Small letters, digits and hyphens only, without spaces."},
    forms.IntegerField: {
        "invalid": "Write a whole number.",
        "min_value": "At least %(limit_value)s.",
        "max_value": "At most %(limit_value)s.",
    },
    forms.DateField: {"invalid": "Write a date like 2026-11-22."},
    forms.ChoiceField: {"invalid_choice": "Choose one from the list."},
}


def say_it_our_way() -> None:
    """Put our words in the place of Django's."""
    for kind, words in WORDS.items():
        kind.default_error_messages = {**getattr(kind, "default_error_messages", {}), **words}

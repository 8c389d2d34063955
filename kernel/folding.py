"""How a long reference is said: short for the eye, whole for the clipboard and the ear."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

HEAD, TAIL = 5, 6
CUT: Final = HEAD + TAIL + 2


def folded(reference: str) -> SafeString:
    """Return ``reference`` in ``<span class="ref">``, the middle of a long one folded away.

    The sheets (``.ref-cut``) hide it from the eye only: selecting and copying gives all of it.
    """
    prefix, _, rest = reference.rpartition("_")
    if len(rest) <= CUT:
        return format_html('<span class="ref">{}</span>', reference)
    return format_html(
        '<span class="ref" title="{}">{}_{}<span class="ref-cut">{}</span>{}</span>',
        reference,
        prefix,
        rest[:HEAD],
        rest[HEAD:-TAIL],
        rest[-TAIL:],
    )

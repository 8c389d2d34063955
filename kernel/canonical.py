"""One spelling of data, so that its hash is the same wherever it is made.

RFC 8785 (JSON Canonicalization Scheme) of integers, texts, lists and objects, and of nothing else:
no floating point, no true, false or null. So no two libraries can disagree about a number, and what
has only one meaning has only one spelling. ``VERSION`` names these rules; what was hashed under one
version is compared under it for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

VERSION: Final = "jcs-int-1"

# Integers that every JSON reader keeps exactly (RFC 8785, 3.2.2.3; RFC 7493, 2.2).
INTEGER_MAX: Final = 2**53 - 1
DEPTH_MAX: Final = 32

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

Canonical: TypeAlias = "int | str | Sequence[Canonical] | Mapping[str, Canonical]"


class NotCanonical(ValueError):
    """The data has no canonical form. The sentence names the kind of fault, never a value."""


def canonical(data: Canonical) -> bytes:
    """Return the canonical form of ``data``, UTF-8.

    Raises NotCanonical for anything but integers up to INTEGER_MAX either way, texts without lone
    surrogates, lists, tuples and objects with such texts as keys, nested at most DEPTH_MAX deep.
    """
    return _encode(_ordered(data, depth=0)).encode()


def digest(data: Canonical) -> str:
    """Return the SHA-256 (hex) of the canonical form of ``data``. Raises NotCanonical."""
    return hashlib.sha256(canonical(data)).hexdigest()


def _ordered(data: object, *, depth: int) -> object:
    """Return ``data`` with the keys of its objects in order; raise NotCanonical."""
    if depth > DEPTH_MAX:
        raise NotCanonical(f"nested deeper than {DEPTH_MAX}")
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, int) and not isinstance(data, bool):
        if abs(data) > INTEGER_MAX:
            raise NotCanonical("an integer beyond 2^53 - 1")
        return int(data)
    if isinstance(data, list | tuple):
        return [_ordered(each, depth=depth + 1) for each in data]
    if isinstance(data, Mapping):
        named = {_key(key): _ordered(value, depth=depth + 1) for key, value in data.items()}
        return {key: named[key] for key in sorted(named, key=_in_utf16)}
    raise NotCanonical(f"a {type(data).__name__} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"a {type(key).__name__} is no name")
    return _text(key)


def _text(text: str) -> str:
    """Return ``text`` itself, also of an enumeration's word, which says otherwise to ``str``."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("half of a character") from error
    return str.__str__(text)


def _in_utf16(name: str) -> bytes:
    """Return what names are ordered by: UTF-16 code units (RFC 8785, 3.2.3)."""
    return name.encode("utf-16-be")

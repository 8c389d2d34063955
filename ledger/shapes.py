"""What a text in the ledger may look like. What has no such shape cannot be appended.

There is no room for a sentence, an e-mail address or a secret: no spaces, no ``@``, and an
identifier must begin with a prefix from the list (``sk_``, ``whsec_`` and ``trt_`` are not on it).
"""

from __future__ import annotations

import re
from typing import Final

from kernel.references import is_reference

EVENT: Final = re.compile(r"[a-z][a-z_]{1,39}(\.[a-z][a-z_]{1,39}){0,2}")
KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{2,199}")
ACCOUNT: Final = re.compile(r"[a-z][a-z_]{1,39}(:[a-z0-9_]{1,40}){1,3}")
WORD: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
PERSON: Final = re.compile(r"user:[1-9][0-9]{0,18}")
FILED: Final = re.compile(r"event:[1-9][0-9]{0,18}")
DOOR: Final = re.compile(r"door:[a-z][a-z0-9_]{1,39}")  # a page of ours, by its name in the code
SEAL_KEY: Final = re.compile(r"key:[0-9a-f]{16}")
SECRET: Final = re.compile(
    r"(^|[^A-Za-z0-9])(sk|rk|ek|whsec|trt|xox[abp]|ghp|nvapi)[_-]", re.IGNORECASE
)

# The payment provider's identifiers: prefix, perhaps test_ or live_, and a tail without "_", so
# that "pi_…_secret_…" is refused too.
PROVIDER_PREFIXES: Final = (
    "acct ba card ch cn cs cus dp du evt fee iauth ich ii in ipi li mandate payout pi plink pm po "
    "price prod py pyr re req seti si src sub tr trr txn txr we"
)
PROVIDER_ID: Final = re.compile(
    rf"({PROVIDER_PREFIXES.replace(' ', '|')})_(test_|live_)?[A-Za-z0-9]{{6,240}}"
)


def is_ref(text: str) -> bool:
    """Say whether ``text`` names a record: ours, the provider's, ``user:7``, a page or a seal key.

    ``event:7`` is a filed event by its number, where its provider's id has no such shape.
    """
    shapes = (PROVIDER_ID, PERSON, DOOR, FILED, SEAL_KEY)
    return is_reference(text) or any(shape.fullmatch(text) for shape in shapes)


def is_key(text: str) -> bool:
    """Say whether ``text`` may name a fact: it has the shape and hides no secret."""
    return bool(KEY.fullmatch(text)) and not SECRET.search(text)

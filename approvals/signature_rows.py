"""Each passkey's signature that carries a decision is verified again, and whose key it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from approvals.signatures import challenge_of, digest_of_kept_key, is_signed
from ledger.rows import Comparison, Finding

# Decision, request, shown digest, nonce and evidence of the proof, factor, what was said of keys.
Signed = tuple[str, str, str, str | None, str | None, str, str]
ADDED, REMOVED, PASSKEY = "person.factor_added", "person.factor_removed", "webauthn"
# With what the person's entries said of their keys before the decision's own entry.
SIGNED: Final = f"""
SELECT own.reference, request.reference, own.shown_digest, proof.nonce, proof.evidence::text,
  own.factor, (
    SELECT coalesce(json_agg(json_build_array(said.event, said.facts ->> 'factor_digest')
      ORDER BY said.id), '[]')::text
    FROM ledger_ledgerentry said
    WHERE said.subject = 'user:' || own.person_id AND said.event IN ('{ADDED}', '{REMOVED}')
      AND said.facts ->> 'factor' = '{PASSKEY}' AND (entry.id IS NULL OR said.id < entry.id))
FROM approvals_decision own
JOIN approvals_approvalrequest request ON request.id = own.request_id AND request.mode <> 'sample'
LEFT JOIN approvals_stepup proof ON proof.id = own.step_up_id
LEFT JOIN ledger_ledgerentry entry ON entry.key = 'approval.decided:' || own.reference
WHERE own.factor = 'passkey' OR proof.factor = 'passkey'
"""  # noqa: S608  # constants only


def differences(rows: Iterable[Signed]) -> Iterator[Finding]:
    """Yield each decision whose signature is not good, or by a key that was not its person's."""
    for reference, request_ref, shown_digest, nonce, kept, factor, said in rows:
        evidence = json.loads(kept) if kept else {}
        challenge = challenge_of(
            request_ref=request_ref, shown_digest=shown_digest, nonce=nonce or ""
        )
        if factor != "passkey" or not is_signed(evidence, challenge=challenge):
            says = f"no passkey signed what {request_ref} showed, with the person verified"
            yield "signature_bad", reference, says
        elif not _had_key(digest_of_kept_key(evidence), json.loads(said)):
            yield "key_not_theirs", reference, "its key was not one of the person's then"


def _had_key(digest: str, said: Sequence[tuple[str, str | None]]) -> bool:
    """Say whether entries name the key as added, and not as removed since.

    Until 0.1.3 they named no key: of whoever added one then, it cannot be told which.
    """
    of_this = [event for event, of_key in said if of_key == digest]
    if of_this:
        return of_this[-1] == ADDED
    return any(event == ADDED and of_key is None for event, of_key in said)


SIGNATURES: Final = Comparison("decisions and the passkeys that signed them", SIGNED, differences)

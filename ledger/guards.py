"""What the database promises about the ledger, besides that its tables are append-only."""

from __future__ import annotations

from typing import Final

from kernel.guards import Promise
from kernel.schema import constraint, trigger, trigger_function

# The legs of an entry sum to zero in each currency. Deferred: all legs are there at COMMIT.
_LEGS_SUM_TO_ZERO: Final = trigger_function(
    "ledger_legs_sum_to_zero",
    """
BEGIN
    IF EXISTS (SELECT FROM public.ledger_posting WHERE entry_id = NEW.entry_id
               GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the legs of ledger entry % do not sum to zero', NEW.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_legs_sum_to_zero';
    END IF;
    RETURN NULL;
END """,
)
# Every entry is put on the sealer's list by the statement that writes it, whoever writes it.
_LIST_FOR_SEALING: Final = trigger_function(
    "ledger_list_for_sealing",
    """
BEGIN
    INSERT INTO public.ledger_unsealedentry (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END """,
)
# OFFSET 0 makes the planner look entries up by their key: fresh tables have no statistics.
_POSITIONS_FOLLOW: Final = trigger_function(
    "ledger_positions_follow",
    """
DECLARE
    first bigint := (SELECT min(position) FROM fresh);
BEGIN
    IF first <> 1 + coalesce((SELECT max(position) FROM public.ledger_sealedentry
                              WHERE position < first), 0)
        OR (SELECT max(position) - first + 1 <> count(*) FROM fresh)
    THEN
        RAISE EXCEPTION 'position % is not the next one in the sealed order', first
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_positions_follow';
    END IF;
    IF EXISTS (
        SELECT FROM fresh LEFT JOIN LATERAL (
            SELECT content_hash FROM public.ledger_ledgerentry
            WHERE id = fresh.entry_id OFFSET 0) entry ON true
        WHERE entry.content_hash IS DISTINCT FROM fresh.content_hash)
    THEN
        RAISE EXCEPTION 'a sealed entry has the hash of the entry itself'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_positions_follow';
    END IF;
    RETURN NULL;
END """,
)
# A place in the sealed order is the next one, and holds the hash of an entry that is there. So who
# may insert there, as all pages may because the sealer logs in as they do, puts nothing in its way.
POSITIONS_FOLLOW: Final = Promise(
    table="ledger_sealedentry",
    guards=(
        _POSITIONS_FOLLOW,
        trigger(
            "ledger_sealedentry",
            "ledger_positions_follow",
            "AFTER INSERT",
            "REFERENCING NEW TABLE AS fresh"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_positions_follow()",
        ),
    ),
)

PROMISES: Final = (
    POSITIONS_FOLLOW,
    Promise(
        table="ledger_posting",
        guards=(
            _LEGS_SUM_TO_ZERO,
            trigger(
                "ledger_posting",
                "ledger_legs_sum_to_zero",
                "AFTER INSERT",
                "DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION ledger_legs_sum_to_zero()",
            ),
        ),
    ),
    Promise(
        table="ledger_ledgerentry",
        guards=(
            _LIST_FOR_SEALING,
            trigger(
                "ledger_ledgerentry",
                "ledger_list_for_sealing",
                "AFTER INSERT",
                "REFERENCING NEW TABLE AS fresh"
                " FOR EACH STATEMENT EXECUTE FUNCTION ledger_list_for_sealing()",
            ),
            constraint(
                "ledger_ledgerentry",
                "ledger_content_hash_has_32_bytes",
                "CHECK ((octet_length(content_hash) = 32))",
            ),
            constraint(
                "ledger_ledgerentry",
                "ledger_facts_are_pairs",
                "CHECK ((jsonb_typeof(facts) = 'object'::text))",
            ),
            constraint(
                "ledger_ledgerentry",
                "ledger_facts_hold_no_address",
                "CHECK ((POSITION(('@'::text) IN ((facts)::text)) = 0))",
            ),
        ),
    ),
    Promise(
        table="ledger_sealedentry",
        guards=(
            constraint(
                "ledger_sealedentry",
                "ledger_sealed_hash_has_32_bytes",
                "CHECK ((octet_length(content_hash) = 32))",
            ),
        ),
    ),
    Promise(
        table="ledger_seal",
        guards=(
            constraint(
                "ledger_seal",
                "ledger_seal_hashes_have_32_bytes",
                "CHECK (((octet_length(merkle_root) = 32) AND (octet_length(previous_hash) = 32)"
                " AND (octet_length(seal_hash) = 32)))",
            ),
        ),
    ),
)

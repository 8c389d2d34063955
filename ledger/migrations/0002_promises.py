"""What the ledger promises, said by the database: written once, balanced, and listed for sealing."""

from django.db import migrations

from kernel.schema import forbid_changes

# The legs of an entry sum to zero in each currency. Deferred: all legs are there at COMMIT.
ZERO_SUM = """
CREATE FUNCTION ledger_legs_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_posting WHERE entry_id = NEW.entry_id
               GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the legs of ledger entry % do not sum to zero', NEW.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_legs_sum_to_zero';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_legs_sum_to_zero AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_legs_sum_to_zero();
"""

# Every entry is put on the sealer's list by the statement that writes it, whoever writes it. The
# list holds exactly what is committed and not yet sealed, however late a transaction commits.
LIST_FOR_SEALING = """
CREATE FUNCTION ledger_list_for_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_unsealedentry (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_list_for_sealing AFTER INSERT ON ledger_ledgerentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_list_for_sealing();
"""

CHECKS = """
ALTER TABLE ledger_ledgerentry
    ADD CONSTRAINT ledger_content_hash_has_32_bytes CHECK (octet_length(content_hash) = 32),
    ADD CONSTRAINT ledger_facts_are_pairs CHECK (jsonb_typeof(facts) = 'object'),
    ADD CONSTRAINT ledger_facts_hold_no_address CHECK (position('@' in facts::text) = 0);
ALTER TABLE ledger_sealedentry
    ADD CONSTRAINT ledger_sealed_hash_has_32_bytes CHECK (octet_length(content_hash) = 32);
ALTER TABLE ledger_seal
    ADD CONSTRAINT ledger_seal_hashes_have_32_bytes CHECK (octet_length(merkle_root) = 32
        AND octet_length(previous_hash) = 32 AND octet_length(seal_hash) = 32);
"""
UNCHECK = """
ALTER TABLE ledger_ledgerentry DROP CONSTRAINT ledger_content_hash_has_32_bytes,
    DROP CONSTRAINT ledger_facts_are_pairs, DROP CONSTRAINT ledger_facts_hold_no_address;
ALTER TABLE ledger_sealedentry DROP CONSTRAINT ledger_sealed_hash_has_32_bytes;
ALTER TABLE ledger_seal DROP CONSTRAINT ledger_seal_hashes_have_32_bytes;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        forbid_changes("ledger_ledgerentry"),
        forbid_changes("ledger_posting"),
        forbid_changes("ledger_sealedentry"),
        forbid_changes("ledger_seal"),
        forbid_changes("ledger_sealkey"),
        migrations.RunSQL(
            ZERO_SUM,
            "DROP TRIGGER ledger_legs_sum_to_zero ON ledger_posting;"
            "DROP FUNCTION ledger_legs_sum_to_zero()",
        ),
        migrations.RunSQL(
            LIST_FOR_SEALING,
            "DROP TRIGGER ledger_list_for_sealing ON ledger_ledgerentry;"
            "DROP FUNCTION ledger_list_for_sealing()",
        ),
        migrations.RunSQL(CHECKS, UNCHECK),
    ]

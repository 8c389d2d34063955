"""The ledger's triggers name their tables with the schema: a temporary table of the same name,
which Postgres would look into first, hides nothing from them."""

from django.db import migrations

ZERO_SUM = """
CREATE OR REPLACE FUNCTION ledger_legs_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.ledger_posting WHERE entry_id = NEW.entry_id
               GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the legs of ledger entry % do not sum to zero', NEW.entry_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_legs_sum_to_zero';
    END IF;
    RETURN NULL;
END $$;
"""
LIST_FOR_SEALING = """
CREATE OR REPLACE FUNCTION ledger_list_for_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.ledger_unsealedentry (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_promises")]

    operations = [
        migrations.RunSQL(ZERO_SUM, migrations.RunSQL.noop),
        migrations.RunSQL(LIST_FOR_SEALING, migrations.RunSQL.noop),
    ]

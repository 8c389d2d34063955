"""The relationship: companies, contacts, deals and their timeline."""

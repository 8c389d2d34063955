"""The work that a paid order asks for: intakes, runs and what happened in them."""

"""Stripe's own shapes: objects with every field, ids, errors, amounts, cards. No store, no time."""

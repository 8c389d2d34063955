"""Entries → the log outside → entries: with transactions of their own, none around the log."""

"""What every app stands on: money, mode, references, moves, history, nudges, leases.

No tables of its own, and it imports no app.
"""

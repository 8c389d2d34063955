"""The acquisition snapshot: what it says, what it may claim, and how it is set. Pure.

Nothing here knows a database, a clock or a network.
"""

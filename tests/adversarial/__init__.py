"""What an attacker tries: an agent, an approver, somebody who writes to the database.

Line by line in ``lines.py``, with the test that tries it.
"""

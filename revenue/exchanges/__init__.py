"""Row → Stripe → row, once for each thing that is made there: the call, and its sweep's half.

An exchange owns its transactions, as a use-case does; none is open while Stripe is asked. What an
answer means is written by ``operations``.
"""

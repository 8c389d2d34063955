"""Row → Stripe → row, once for each thing that is made there: the call, and its sweep's half."""

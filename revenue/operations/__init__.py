"""What joins the caller's transaction: recording what Stripe said, booking money, queueing mail."""

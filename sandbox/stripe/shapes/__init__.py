"""New objects in Stripe's shape: every field the API shows, nothing decided by the network."""

"""What happens at Stripe and at the banks: payments, refunds, disputes, and their events."""

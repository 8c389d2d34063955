"""What people at Stripe and at banks do, for the control page and for test control."""

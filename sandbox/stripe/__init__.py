"""A stand-in for Stripe that the real SDK, a real browser and a real webhook endpoint work with."""

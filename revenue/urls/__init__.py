"""Addresses of the sale: ``public`` for buyers and Stripe, ``console`` for operators."""

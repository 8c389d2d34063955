"""Offers, checkout, webhooks, orders, revenue events: conducts the sale."""

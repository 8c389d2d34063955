"""Vendors, behind the ports."""

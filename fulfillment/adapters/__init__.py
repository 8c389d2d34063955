"""Vendors that the work goes through, each behind its port."""

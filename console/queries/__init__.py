"""Reads that cut across apps, put together once for pages, JSON and the shell."""

"""Commands that operators look for."""

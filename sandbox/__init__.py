"""The outside world on this machine: stand-ins that speak the vendors' own wire protocols."""

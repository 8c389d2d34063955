"""The kernel: what every app stands on."""

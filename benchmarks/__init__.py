"""What is measured: ratios within one run on one machine. ``bin/bench`` runs them all."""

"""What people type, checked and turned into our words."""

"""From a row to somebody outside and back."""

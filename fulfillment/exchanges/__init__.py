"""From a row of the work to somebody outside and back."""

"""The pages that a buyer sees."""

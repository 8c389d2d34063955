"""What people do with requests, and what time does to them."""

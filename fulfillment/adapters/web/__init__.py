"""The public web, read carefully: whoever writes a page, or an address, is a stranger."""

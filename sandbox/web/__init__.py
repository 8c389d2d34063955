"""A small web of made-up companies, and a search engine for it. No name in it can be a real one."""

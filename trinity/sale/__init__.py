"""``bin/sale``: one whole sale against a running stack, by plain HTTP, as people would click it."""

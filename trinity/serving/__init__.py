"""HTTP in front of our applications: deadlines and bounds first, then a thread.

``connections`` holds sockets, ``requests`` reads what came over them, ``pages`` runs Django in a
few threads, ``server`` starts it all. What is served: ``trinity.asgi``, ``trinity.doors`` and
``trinity.mcp``.
"""

"""HTTP in front of our applications: deadlines and bounds first, then a thread.

``connections`` holds sockets, ``requests`` reads what came over them, ``pages`` runs Django in a
few threads, ``server`` starts it all. ``trinity.asgi`` and ``trinity.doors`` are what is served.
"""

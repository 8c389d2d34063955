"""Step-up: who is about to do something grave proves once more who they are.

A view says ``@fresh_login``. Without a proof of the last minutes ``middleware`` answers with the
page of ``views`` instead. A form that was sent waits *in that page*, in hidden inputs
(``waiting``), and is shown again afterwards; the person sends it. Nothing of it is kept on the
server, so nothing can be sent by anybody else, or later, or by itself.
"""

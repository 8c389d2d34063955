"""``python -m trinity.stack``; see ``trinity.stack.cli``."""

import importlib
import signal
import sys

# Until the supervisor listens, Ctrl-C ends us without a word about where it found us: importing
# takes a moment on a busy machine, hence the order of these lines.
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.exit(importlib.import_module("trinity.stack.cli").main())

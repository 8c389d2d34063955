"""The local stack: one supervisor that owns every process.

``running`` starts a private one for tests and benchmarks; ``attached`` finds the one that runs.
"""

from trinity.stack.errors import StackError as StackError
from trinity.stack.ports import Ports as Ports
from trinity.stack.private import Stack as Stack
from trinity.stack.private import attached as attached
from trinity.stack.private import running as running

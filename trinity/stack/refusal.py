"""``python -m trinity.stack.refusal WHAT``: stop a command that must never meet a live key.

Runs before anything is installed, so it needs the standard library only.
"""

import os
import sys

from trinity import guards
from trinity.stack import dotenv
from trinity.stack.home import ROOT


def main(what: str) -> int:
    """Return 1, with one sentence, where the environment or ``.env`` names a live key."""
    try:
        guards.refuse_live_keys(dotenv.merged(os.environ, file=ROOT / ".env"), what=what)
    except guards.Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

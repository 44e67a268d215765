"""`python -m checker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any


def _sent_again(lost: Any) -> None:
    """Ctrl-C while Python frees an object, as z3's terms are all the time, would be told and forgotten."""
    if lost.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


sys.unraisablehook = _sent_again
try:
    from .cli import main

    status = main()
except KeyboardInterrupt:  # while modules are loaded; later ones end in main()
    sys.stderr.write("error: interrupted\n")
    status = 3
sys.exit(status)

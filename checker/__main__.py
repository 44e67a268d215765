"""`python -m checker`, and the command `writeback-checker`."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # Python looks for modules in the current directory first: what lies there by chance is not ours.
    if os.path.realpath(sys.path[0]) != os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir)):
        del sys.path[0]

import signal  # noqa: E402
import threading  # noqa: E402
from typing import Any  # noqa: E402


def _sent_again(lost: Any) -> None:
    """Ctrl-C while Python frees an object, as z3's terms are all the time, would be told and forgotten."""
    if lost.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)


def _like_ctrl_c(*_: object) -> None:
    """SIGTERM ends what Ctrl-C ends: files are whole, and processes that were started end, too."""
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):  # a shell has it ignored in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def run() -> int:
    """Run the command line as a program of its own; its exit status."""
    sys.unraisablehook = _sent_again
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    try:
        from .cli import main

        return main()
    except KeyboardInterrupt:  # while modules are loaded; later ones end in main()
        sys.stderr.write("error: interrupted\n")
        return 3


if __name__ == "__main__":
    sys.exit(run())

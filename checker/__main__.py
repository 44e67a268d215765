"""`python -m checker`."""

from __future__ import annotations

import sys

try:
    from .cli import main

    status = main()
except KeyboardInterrupt:  # while modules are loaded; later ones end in main()
    sys.stderr.write("error: interrupted\n")
    status = 3
sys.exit(status)

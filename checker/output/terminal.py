"""How much room there is for what is written, and whether it may be coloured."""

from __future__ import annotations

import os
import shutil
import sys


def terminal() -> tuple[int, bool]:
    """Columns of text to write, and whether in colour.  COLUMNS tells how many, whatever the text is written to."""
    columns = shutil.get_terminal_size((80, 24)).columns
    if sys.stdout.isatty():
        return columns, not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return (max(60, columns) if "COLUMNS" in os.environ else 80), False


def list_width() -> int:
    """Columns of a list: as many as the terminal has; elsewhere those of any text."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else terminal()[0]

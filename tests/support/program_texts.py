"""The text of every program of the tables of verdicts, as digests: `python -m tests.support.program_texts > FILE`.

Two trees that give the same lines make the same programs of the same designs and scenarios.  Where the text was cut or moved
positions differ, so they are left out.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import replace

from checker.base.errors import CheckerError
from checker.ir.text import to_text
from checker.source.catalogue import Catalogue, load
from checker.table.rows import Outcome, Row
from checker.table.rows import load as load_rows
from checker.verdict.api import prepare


def main() -> int:
    catalogue = load(None)
    for row in dict.fromkeys(replace(row, expected=Outcome(), finding="", quick=False, line=0, number=0, engine="") for row in load_rows()):
        print(digest(row, catalogue), row, flush=True)
    return 0


def digest(row: Row, catalogue: Catalogue) -> str:
    """Of the text of the row's program, or the name of the error that there is instead."""
    try:
        made = prepare(None, row.design, row.scenario, row.bound, row.properties or None, dict(row.settings), catalogue).program
    except CheckerError as error:
        return type(error).__name__
    return hashlib.sha256(re.sub(r"[\w/]+\.py:\d+", "", to_text(made)).encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())

"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ..base.errors import UsageError
from ..base.files import whole_file
from ..verdict.result import Result
from .results import stored_picture

ITF = ".itf.json"


def check_writable(*paths: str | None, save: str | None = None) -> None:
    """UsageError if one of the files cannot be written: better before a long search than after it.

    save: may also be a directory, or one to be made if it ends in a slash."""
    if paths.count("-") > 1:
        raise UsageError("two results cannot both go to standard output: name a file for one of them")
    for path in (*paths, save):
        if path is None or path == "-":
            continue
        target = Path(path)
        if path != save and (target.is_dir() or path.endswith("/")):
            raise UsageError(f"{path} is a directory; name a file")
        folder = target if target.is_dir() or path.endswith("/") else target.parent
        while path.endswith("/") and not folder.exists():  # it will be made
            folder = folder.parent
        if not os.access(target if target.exists() else folder, os.W_OK):
            raise UsageError(f"{path} cannot be written")


def write_text(path: str, text: str) -> None:
    """Write a file whole or not at all; "-" is standard output.  OSError as from open()."""
    if path == "-":
        sys.stdout.write(text)
        return
    with whole_file(path) as target:
        target.write_text(text, encoding="utf-8")


def save_counterexample(result: Result, path: str) -> str | None:
    """Write the counterexample as a file that `replay` reads, or as an ITF trace if `path`
    ends in ".itf.json".  A directory gets a file named after design and property.

    Returns the path written, or None if there is no trace to be saved.
    """
    if result.violation is None or result.violation.trace is None:
        return None
    trace = result.violation.trace
    if path.endswith("/") or Path(path).is_dir():
        path = os.path.join(path, f"{result.design}--{result.violation.property}.txt")
    if path.endswith(ITF):
        from ..picture.itf import to_itf

        write_json(path, to_itf(trace))
    else:
        from ..trace.file import write

        write(path, trace, stored_picture(trace, result.drawings))
    return path


def write_json(path: str, value: Any) -> None:
    """Write `value` as JSON, whole or not at all; "-" is standard output."""
    write_text(path, json.dumps(value, indent=2) + "\n")

"""All of a case as a directory that runs without the checker: for kernel developers, in a machine of their own."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from checker.base.errors import UsageError
from checker.trace.file import read

from .confirm import Confirmed, files
from .prepared import SOURCES

TAKEN = ("Makefile", "gate.h", "gate_main.c", "gate_chance.c", "gate_stubs.S", "workload.c", "episodes.c", "run.sh")

README = """\
{title}

{property}: tried on Linux {kernel}, {line}.
In a machine that is thrown away (x86-64, with ftrace, debugfs and a filesystem's mkfs), as root, in this directory:

    make KERNEL=/lib/modules/$(uname -r)/build
    ./run.sh schedule        # the order of picture.txt, and then in a fresh machine
    ./run.sh control         # the same operations and failures, one operation after the other

With the order: {why}.
schedule has the points at which threads are held; gate_main.c says how to read it.  Names that end in .isra.0 are a compiler's.
"""


def written(found: Confirmed, directory: str) -> Path:
    """Write the directory, which must be new or empty; UsageError if it is not, or if there is no schedule to write."""
    if found.schedule is None:
        raise UsageError(f"--script {directory}: there is no schedule to write: {found.why}")
    target = Path(directory)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"--script {directory}: it is there already, and not empty")
    target.mkdir(parents=True, exist_ok=True)
    for name in TAKEN:
        shutil.copy(SOURCES / name, target / name)
    (target / "run.sh").chmod(0o755)
    for name, text in files(found.schedule).items():
        (target / name).write_text(text)
    (target / "picture.txt").write_text(read(found.file).picture + "\n")
    (target / "README").write_text(_readme(found))
    return target


def _readme(found: Confirmed) -> str:
    title = Path(found.file).stem.replace("--", ": ")
    line = f"{found.verdict}, {found.counts}" if found.forced else found.verdict
    text = README.format(title=title, property=found.property, kernel=found.kernel, line=line, why=found.why)
    return "\n".join(line if line.startswith(" ") else textwrap.fill(line, 100) for line in text.splitlines()) + "\n"

"""Running SPIN on exported text."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_spin = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("gcc")),
    reason="needs spin and gcc (Debian packages spin, gcc)",
)


@dataclass(frozen=True)
class SpinRun:
    """What a verifier counted; complete: it searched everything."""

    stored: int
    transitions: int
    errors: int
    complete: bool
    output: str


def run_spin(
    text: str,
    folder: Path,
    defines: Sequence[str] = (),
    options: Sequence[str] = (),
    safety: bool = True,
    optimise: bool = False,
) -> SpinRun:
    """Count the states of a Promela text, with no reduction.

    defines: for spin (-D...); options: of the verifier.  safety: leave cycles out.  optimise:
    compile for speed (half a second more).
    """
    (folder / "model.pml").write_text(text)
    _call(["spin", *defines, "-a", "model.pml"], folder)
    flags = [
        "-O2" if optimise else "-O0",
        "-DNOREDUCE",
        *(["-DSAFETY"] if safety else []),
        f"-DVECTORSZ={_vector(text)}",
    ]
    _call(["gcc", *flags, "-w", "-o", "pan", "pan.c"], folder)
    output = _call(["./pan", "-m1000000", *([] if optimise else ["-w16"]), *options], folder)
    stored, transitions = re.search(
        r"(\d+) states, stored.*?(\d+) transitions \(", output, re.DOTALL
    ).groups()
    errors = int(re.search(r"errors: (\d+)", output)[1])
    return SpinRun(int(stored), int(transitions), errors, "Search not completed" not in output, output)


def replayed(folder: Path) -> str:
    """What the trail that the last run left prints."""
    return _call(["spin", "-t", "model.pml"], folder)


def _vector(text: str) -> int:
    wanted = re.search(r"-DVECTORSZ=(\d+)", text)
    return int(wanted[1]) if wanted else 1024


def _call(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout

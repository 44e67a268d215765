"""SPIN: a Promela text becomes a verifier, the verifier runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .process import must_run, run
from .sample import Failure, Label, Sample

LARGE_VECTOR = re.compile(r"-DVECTORSZ=\d+")  # in the head of a text that needs a larger state vector
OPTIONS = ("-m1000000",)  # of the verifier: the depth of its stack
MEGABYTE = 1 << 20
TROUBLE = (  # what the verifier prints when its numbers are no result
    ("max search depth too small", "the search was deeper than its stack"),
    ("out of memory", "out of memory"),
    ("reached -DMEMLIM bound", "out of memory"),
    ("hash table full", "its table was full"),
    ("Search not completed", "the search was not completed"),
)


def installed() -> bool:
    """Are SPIN and a C compiler there?"""
    return bool(shutil.which("spin") and shutil.which("gcc"))


class Spin:
    """A verifier that has been built.

    text: Promela; defines: for spin, name to value; flags: for gcc; extra: states that it
    stores beyond those of the model.  build_seconds: wall time of spin and gcc.
    """

    def __init__(
        self,
        name: str,
        text: str,
        defines: Mapping[str, int],
        flags: Sequence[str],
        folder: Path,
        timeout: float,
        extra: int = 0,
    ) -> None:
        self.label = Label("spin", text=name)
        self.folder, self.timeout, self.extra = folder, timeout, extra
        folder.mkdir(parents=True)
        (folder / "model.pml").write_text(text, encoding="utf-8")
        named = [f"-D{name}={value}" for name, value in defines.items()]
        first = must_run(["spin", *named, "-a", "model.pml"], folder, timeout)
        large = LARGE_VECTOR.findall(text)[:1]
        second = must_run(
            ["gcc", *flags, *large, "-DMEMLIM=1000000", "-w", "-o", "pan", "pan.c"], folder, timeout
        )
        self.build_seconds = first.seconds + second.seconds
        self.wall_seconds = 0.0  # of the last run, from its start to its end

    def run(self) -> Sample:
        """Run the verifier."""
        ran = run(["./pan", *OPTIONS], self.folder, self.timeout)
        self.wall_seconds = ran.seconds
        return parse(ran.output, ran.cpu_seconds, ran.system_seconds, self.extra)


def parse(output: str, cpu_seconds: float, system_seconds: float = 0.0, extra: int = 0) -> Sample:
    """What a verifier printed, as numbers.  Failure if it is no complete search without errors."""
    errors = re.search(r"errors: (\d+)", output)
    stored = re.search(r"^\s*(\S+) states, stored", output, re.MULTILINE)
    transitions = re.search(r"^\s*(\S+) transitions \(", output, re.MULTILINE)
    for mark, meaning in TROUBLE:
        if mark in output and not (errors and errors[1] != "0"):
            raise Failure(f"SPIN: {meaning}")
    if not (errors and stored and transitions):
        raise Failure(f"SPIN printed no result: {' '.join(output.split())[-200:]}")
    if errors[1] != "0":
        raise Failure("SPIN found an error in a model that should hold")
    states = int(float(stored[1]))
    elapsed = re.search(r"elapsed time (\S+) seconds", output)
    return Sample(
        states - extra,
        int(float(transitions[1])),
        float(elapsed[1]) if elapsed else 0.0,
        cpu_seconds,
        system_seconds,
        _bytes_per_state(output, states),
    )


def _bytes_per_state(output: str, states: int) -> float | None:
    """Of the states as they are stored, with SPIN's overhead for each."""
    size = re.search(r"state-vector as stored = (\d+) byte \+ (\d+) byte overhead", output)
    if size:
        return float(int(size[1]) + int(size[2]))
    used = re.search(r"([\d.]+)\s+actual memory usage for states", output)
    return round(float(used[1]) * MEGABYTE / states, 1) if used and states else None

"""TLC: the exported TLA+ module, checked by the jar that the user names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ..base.errors import UsageError
from ..ir.program import Program
from .process import run
from .sample import Failure, Label, Sample

BEGINS, ENDS = "Finished computing initial states", "Model checking completed"
COUNTS = re.compile(
    r"^([\d,]+) states generated, ([\d,]+) distinct states found, ([\d,]+) states left", re.MULTILINE
)
OPTIONS = ("-XX:+UseParallelGC", "-Xss16m")  # of Java: what TLC itself recommends, and deep expressions


def check_jar(jar: str) -> None:
    """UsageError if TLC cannot be run from `jar`."""
    if not Path(jar).is_file():
        raise UsageError(f"--tlc: there is no file {jar}")
    if not shutil.which("java"):
        raise UsageError("--tlc: there is no java on the PATH")


class Tlc:
    """TLC with one worker on a program."""

    def __init__(self, jar: str, program: Program, folder: Path, timeout: float, threads: int = 1) -> None:
        from ..export.tla.module import config, to_tla

        self.label = Label("tlc", threads)
        self.jar, self.folder, self.timeout = str(Path(jar).resolve()), folder, timeout
        folder.mkdir(parents=True)
        (folder / "Model.tla").write_text(to_tla(program), encoding="utf-8")
        (folder / "Model.cfg").write_text(config(program), encoding="utf-8")

    def run(self) -> Sample:
        """Run TLC."""
        command = ["java", *OPTIONS, "-cp", self.jar, "tlc2.TLC", "-workers", str(self.label.threads)]
        ran = run([*command, "-metadir", "states", "Model.tla"], self.folder, self.timeout)
        shutil.rmtree(self.folder / "states", ignore_errors=True)
        return parse(ran.lines, ran.cpu_seconds, ran.system_seconds)


def parse(lines: list[tuple[float, str]], cpu_seconds: float, system_seconds: float = 0.0) -> Sample:
    """What TLC printed and when, as numbers.  Failure if it is no complete search without errors."""
    output = "".join(text for _, text in lines)
    counts = COUNTS.findall(output)
    begin = next((when for when, text in lines if text.startswith(BEGINS)), 0.0)
    end = next((when for when, text in lines if text.startswith(ENDS)), None)
    if end is None or not counts:
        errors = [text.strip() for _, text in lines if text.startswith("Error:")]
        raise Failure(f"TLC: {(errors or ['no result'])[0]}")
    generated, distinct, left = (int(number.replace(",", "")) for number in counts[-1])
    if left:
        raise Failure("TLC: the search was not completed")
    return Sample(distinct, generated, end - begin, cpu_seconds, system_seconds)

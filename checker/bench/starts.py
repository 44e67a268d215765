"""From the command to the answer: with an empty compile cache, and once more with a full one."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import Case
from .own import environment
from .process import run
from .sample import Failure
from .spin import Spin


@dataclass(frozen=True)
class Start:
    """A cold and a warm start of one engine on one case: wall seconds from the command to the answer.

    compile: what of them is not exploration.  problem: why there are no numbers.
    """

    case: Case
    engine: str
    cold: float = 0.0
    cold_compile: float = 0.0
    warm: float = 0.0
    warm_compile: float = 0.0
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        numbers = {
            "cold_seconds": self.cold,
            "cold_compile_seconds": self.cold_compile,
            "warm_seconds": self.warm,
            "warm_compile_seconds": self.warm_compile,
        }
        return {
            "model": self.case.model,
            "settings": self.case.settings,
            "engine": self.engine,
            **{name: None if self.problem else round(value, 3) for name, value in numbers.items()},
            "problem": self.problem or None,
        }


def own_start(case: Case, caches: Path, timeout: float) -> Start:
    """Of our engine: the command line, one thread, no reduction; `caches` is empty before and full after it."""
    try:
        cold, warm = _command(case, caches, timeout), _command(case, caches, timeout)
    except Failure as failure:
        return Start(case, "native", problem=str(failure))
    return Start(case, "native", cold[0], cold[0] - cold[1], warm[0], warm[0] - warm[1])


def spin_start(case: Case, built: Spin, search_seconds: float) -> Start:
    """Of SPIN: cold, the verifier is made first; warm, it is there.  It must have run."""
    wall, build = built.wall_seconds, built.build_seconds
    rest = max(wall - search_seconds, 0.0)
    return Start(case, "spin", build + wall, build + rest, wall, rest)


def _command(case: Case, caches: Path, timeout: float) -> tuple[float, float]:
    """Seconds of one `check` from start to end, and of its exploration."""
    answer = caches / "answer.json"
    settings = [text for name, value in case.settings.items() for text in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "checker", "check", "--model", str(case.file.resolve()), *settings]
    command += ["--no-reduction", "--threads", "1", "--quiet", "--json", str(answer)]
    ran = run(command, caches, timeout, environment(caches))
    if ran.status:
        raise Failure(ran.output.strip() or f"exit status {ran.status}")
    return ran.seconds, json.loads(answer.read_text(encoding="utf-8"))["seconds"]

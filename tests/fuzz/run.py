"""Many programs, in several processes: what was found, how much was asked, and a table that can be gone on with."""

from __future__ import annotations

import gc
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from checker.verdict import api
from checker.source.catalogue import load
from checker.base.errors import ModelError

from tests.fuzz.judge import LARGE, LARGER, LIMIT, Judge, Wrong
from tests.fuzz.others import other_opinions
from tests.fuzz.programs import program
from tests.fuzz.shrink import shrunk

TOGETHER = 10  # programs that a process is given at once
SHOWN = 2  # programs of a kind of error that are made smaller
ROWS = (
    "programs", "too large", "too large alone", "refused", "states", "with por in force", "with symmetry in force", "with a reduction in force", "violated programs",
    "properties", "violated properties", "judged alone", "searches", "native searches", "oracle", "TLA+", "SPIN", "leads_to", "interpreter",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """How each program is judged.  native: every so many programs, that engine is asked too (0: never).  spin: every so many,
    SPIN as well (0: never).  opinions: every so many programs, the oracle and the others that are slow."""

    native: int = 1
    spin: int = 0
    opinions: int = 0


@dataclass
class Table:
    """The sums over many programs.  kinds: of each kind of disagreement, the seeds of programs that show it.
    next: the seed to go on with."""

    next: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, list[int]] = field(default_factory=dict)

    def add(self, seed: int, counts: Counter[str], wrong: Sequence[Wrong]) -> None:
        self.counts.update(counts)
        for kind in {" ".join(one.kind) for one in wrong}:
            self.kinds.setdefault(kind, []).append(seed)

    def text(self) -> str:
        lines = [f"{self.counts[row]:>10,} {row}" for row in ROWS if self.counts[row]]
        done = max(self.counts["programs"], 1)
        lines.append(f"{1000 * self.seconds / done:>10.0f} ms of processor time for a program")
        for kind, seeds in sorted(self.kinds.items(), key=lambda item: -len(item[1])):
            lines.append(f"{len(seeds):>10,} {kind}: {', '.join(map(str, seeds[:6]))}")
        return "\n".join(lines)

    def save(self, file: Path) -> None:
        kept = {"next": self.next, "seconds": self.seconds, "counts": self.counts, "kinds": self.kinds}
        file.write_text(json.dumps(kept, indent=1), "utf-8")


def loaded(file: Path) -> Table:
    """The table that `Table.save` wrote."""
    kept = json.loads(file.read_text("utf-8"))
    return Table(kept["next"], kept["seconds"], Counter(kept["counts"]), kept["kinds"])


def examine(text: str, seed: int, asked: Asked = Asked()) -> tuple[Counter[str], list[Wrong]]:
    """What is wrong about one program; seed: draws what of it is asked.

    Raises ModelError if the text is none of the language."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "program.py"
        file.write_text(text, "utf-8")
        catalogue = load(file)
        made = api.prepare(catalogue=catalogue).program
        native = bool(asked.native) and seed % asked.native == 0
        report = Judge(made, Random(seed), native, limit=LIMIT if seed % LARGER else LARGE).judge()
        if report is None:
            return Counter({"too large": 1}), []
        if asked.opinions and seed % asked.opinions == 0:
            report = other_opinions(report, catalogue, made, spin=bool(asked.spin) and seed % asked.spin == 0)
        return report.counts, report.wrong


def drawn(seeds: Sequence[int], asked: Asked) -> list[tuple[int, Counter[str], list[Wrong], float]]:
    """`examine` for the programs of these seeds, with the processor time that each took."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # hardly anything that is left behind is a circle
    found = []
    for seed in seeds:
        start = time.process_time()
        try:
            counts, wrong = examine(program(seed), seed, asked)
        except ModelError:  # a value that can never be in its range, a function without a step
            counts, wrong = Counter({"refused": 1}), []
        found.append((seed, counts, wrong, time.process_time() - start))
    gc.collect()
    gc.freeze()  # what has survived is kept by LLVM and the like, and need not be looked at again
    return found


def run(table: Table, end: int, asked: Asked, jobs: int = 1, seconds: float | None = None) -> Iterator[list[tuple[int, list[Wrong]]]]:
    """Programs of the seeds from `table.next` up to `end`, entered into the table; yields now and then those with disagreements.

    Stops, with what is under way, at Ctrl-C or after `seconds`."""
    finish = None if seconds is None else time.monotonic() + seconds
    pieces = [range(at, min(at + TOGETHER, end)) for at in range(table.next, end, TOGETHER)]
    with ProcessPoolExecutor(jobs) as pool:
        pending: dict[Future, range] = {}
        try:
            while pieces or pending:
                over = finish is not None and time.monotonic() > finish
                while pieces and len(pending) < 2 * jobs and not over:
                    piece = pieces.pop(0)
                    pending[pool.submit(drawn, piece, asked)] = piece
                if over and not pending:
                    return
                results = []
                for done in wait(pending, return_when=FIRST_COMPLETED).done:
                    del pending[done]
                    results += done.result()
                for seed, counts, wrong, took in results:
                    table.add(seed, counts, wrong)
                    table.seconds += took
                table.next = min([piece.start for piece in pending.values()], default=pieces[0].start if pieces else end)
                yield [(seed, wrong) for seed, _, wrong, _ in results if wrong]
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            pool.shutdown(cancel_futures=True)


def smaller(seed: int, wrong: Wrong, asked: Asked, seconds: float = 60) -> str:
    """The program of this seed made smaller, with the disagreement that it shows."""

    def found(text: str) -> Wrong | None:
        try:
            return next((one for one in examine(text, seed, asked)[1] if one.kind == wrong.kind), None)
        except Exception:  # a text that is no program any more, in whatever way
            return None

    text = shrunk(program(seed), lambda text: found(text) is not None, seconds)
    return f'{text}\n# {found(text) or wrong}\n'

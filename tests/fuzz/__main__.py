"""`python -m tests.fuzz`: see `tests.fuzz`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.power import measure
from tests.fuzz.run import SHOWN, Asked, Table, loaded, run, smaller

EVERY = 200  # programs after which the table is printed


def main() -> int:
    options = _options()
    asked = Asked(options.native, options.spin, options.opinions)
    if options.power:
        return measure(options.seed, options.programs, options.crowds, options.faults, options.seconds)
    table = loaded(options.table) if options.table and options.table.exists() else Table(options.seed)
    options.findings.mkdir(parents=True, exist_ok=True)
    shown: dict[tuple, int] = {}
    told = 0
    for found in run(table, options.seed + options.programs, asked, options.jobs, options.seconds):
        for seed, one in [(seed, one) for seed, wrong in found for one in wrong if one.what != "missed"]:
            shown[one.kind] = shown.get(one.kind, 0) + 1
            if shown[one.kind] <= SHOWN:
                _keep(options.findings, seed, smaller(seed, one, asked))
        if table.counts["programs"] >= told + EVERY:
            told = table.counts["programs"]
            print(table.text(), flush=True)
        if options.table:
            table.save(options.table)
    print(table.text())
    if options.table:
        table.save(options.table)
    return int(any(not kind.startswith("missed") for kind in table.kinds))


def _keep(directory: Path, seed: int, text: str) -> None:
    number = len(list(directory.glob("*.py")))
    file = directory / f"{number:03}-{seed}.py"
    file.write_text(text, "utf-8")
    print(f"---- {file}\n{text}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Judge many small random programs by all there is.")
    add = parser.add_argument
    add("--programs", type=int, default=1000)
    add("--seed", type=int, default=1, help="of the first program; the next one has the next")
    add("--jobs", type=int, default=1, help="processes")
    add("--seconds", type=float, help="stop after so long")
    add("--native", type=int, default=3, help="every so many programs, ask the native engine too; 0: never")
    add("--opinions", type=int, default=25, help="every so many programs, ask the oracle and the interpreter itself")
    add("--spin", type=int, default=0, help="every so many of the programs, ask SPIN; a multiple of --opinions")
    add("--table", type=Path, help="file of the counts: written, and gone on with if it is there")
    add("--findings", type=Path, default=Path("fuzz-findings"), help="directory for programs that show something")
    add("--power", action="store_true", help="how many of the known faults are found, each put back in by itself")
    add("--crowds", type=int, default=0, help="with --power: so many programs of more than 64 processes as well")
    add("--faults", action="store_true", help="with --power: those only that were in the checker once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

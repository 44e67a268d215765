"""What a regression run found, as lines of at most 80 columns where names allow it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from ..picture.report import paint
from ..table.rows import Row
from ..verdict.result import HOLDS, VIOLATED
from .run import DIFFERS, FINDING, LARGE, NEW, OK, Compared, Regression

STYLE = {OK: "good", FINDING: "doubt", NEW: "doubt", LARGE: "doubt", DIFFERS: "bad"}
COUNTED = {OK: "as expected", FINDING: "known findings", NEW: "not measured yet", LARGE: "too large", DIFFERS: "differ"}


def widths(rows: Sequence[Row]) -> list[int]:
    """Of the columns for design and scenario."""
    return [max((len(getattr(row, name)) for row in rows), default=0) for name in ("design", "scenario")]


def lines_of(one: Compared, wide: list[int], colour: bool = False) -> str:
    """The line of a row, and what differs below."""
    return "\n".join([line(one, wide, colour), *remarks(one)])


def end(found: Regression) -> str:
    """What comes below the rows: mutants, and the sum."""
    lines = [f"mutant   survives, and was killed before: {name}" for name in found.survivors]
    if found.mutants:
        lines += ["", f"{found.mutants} mutants tried again: {found.mutants - len(found.survivors)} killed as before"]
    return "\n".join([*lines, *([""] if found.rows and not found.mutants else []), summary(found)])


def line(one: Compared, wide: list[int] = [0, 0], colour: bool = False) -> str:
    """A row and its verdict: "ok       no_io_size_clamp  append_flush  4  violated  45 steps"."""
    row, outcome = one.row, one.found.outcome
    size = f"{outcome.steps} steps" if outcome.steps is not None else f"{outcome.states or 0:,} states"
    bound = "-" if row.bound is None else str(row.bound)
    names = f"{row.design:<{wide[0]}}  {row.scenario:<{wide[1]}}  {bound:>2}"
    return f"{paint(f'{one.status:<7}', STYLE[one.status], colour)}  {names}  {outcome.verdict:<8}  {size}"


def remarks(one: Compared) -> list[str]:
    """What is to be said of a row beyond its line."""
    told = [*one.told]
    if one.row.finding and not told:
        told = [f"violated (known finding: {one.row.finding})"]
    wrapped = [textwrap.wrap(part, 70, break_on_hyphens=False, break_long_words=False) for whole in told for part in whole.splitlines()]
    return [f"{'':9}{part}" for parts in wrapped for part in parts]


def summary(found: Regression) -> str:
    """ "41 rows: 39 as expected, 2 known findings; 33 s in 2 processes"."""
    took = f"{found.seconds:.0f} s in {found.processes} process{'es' * (found.processes > 1)}"
    return f"{counts(found.rows)}; {took}"


def stopped(done: Sequence[Compared], of: int) -> str:
    """The sum of a run that was stopped."""
    return f"\nstopped: {counts(done)}; {of - len(done)} of {of} rows were not checked to their end"


def counts(rows: Sequence[Compared]) -> str:
    """ "41 rows: 39 as expected, 2 known findings"."""
    count = Counter(one.status for one in rows)
    parts = [f"{count[status]} {words}" for status, words in COUNTED.items() if count[status]]
    return f"{len(rows)} row{'s' * (len(rows) != 1)}: {', '.join(parts) or 'none'}"


def updated(found: Regression, changed: list[Compared]) -> str:
    """What has been entered into the table; the rows with another verdict are told, whether they were entered or not."""
    lines = []
    for one in found.rows:
        if one.another_verdict and one.found.outcome.verdict in (HOLDS, VIOLATED):
            said = "entered" if one in changed else "not entered"
            parts = (f"{said}: {one.row}", f"{one.row.expected} was expected", f"found {one.found.outcome}")
            lines += [("" if n == 0 else " " * 4) + part for n, part in enumerate(parts)]
    if any(line.startswith("not entered") for line in lines):
        lines.append("A changed verdict is entered with --update-verdicts only: is it a bug, a finding, or meant?")
    return "\n".join([*lines, f"{len(changed)} row{'s' * (len(changed) != 1)} entered into the table"])

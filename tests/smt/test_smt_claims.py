"""What is said of all sizes, against scopes with more cells: programs are drawn whose sizes come from everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from checker.verdict.api import check, prepare
from checker.cli import main
from checker.base.errors import CheckerError
from checker.smt.sizes.cutoff import cutoff
from checker.smt.sizes.real_sizes import Unmeasured
from checker.smt.sizes.said import said_of

MORE = int(os.environ.get("CHECKER_EXAMPLES", "0"))
HEAD = '''\
from checker.lang import (
    Flag, Range, Struct, atomic, choose, constant, each, implies, invariant, measured, number, process,
    scenario, thread, worker,
)

CELLS = constant(2, "cells in a block")
BLOCKS = constant({blocks}, "blocks in a folio")
PAGES = constant({blocks}, "pages in a folio")
FOLIOS = constant(1, "folios")
BLOCK_SIZE = CELLS * 1
FILE_SIZE = FOLIOS * BLOCKS * CELLS
loff_t = Range(0, FILE_SIZE)
in_bytes = measured(cells=CELLS, blocks=BLOCKS, pages=PAGES)


class File(Struct):
    """Three sizes."""

    a = Range(0, FILE_SIZE, "a"{init})
    b = Range(0, FILE_SIZE, "b")
    c = Range(0, FILE_SIZE, "c")
    done = Flag("done")


class Cell(Struct, count=FILE_SIZE):
    """Bytes of the file."""

    written = Flag("written")


file = File[0]
'''

CHOICES = (  # in a function; x and y are fields
    ("file.{x} = choose(range(0, FILE_SIZE + 1))",),
    ("{x}: loff_t = choose(range(0, FILE_SIZE + 1))", "file.{y} = {x}"),
    ("for i in range(0, 2):", "    file.{x} = choose(range(0, FILE_SIZE + 1))"),
    ('with atomic("two sizes"):', "    file.{x} = choose(range(0, FILE_SIZE))", "    file.{y} = choose(range(1, FILE_SIZE + 1))"),
)
STEPS = (
    ('with atomic("copy"):', "    file.{x} = file.{y}"),
    ('with atomic("the smaller one"):', "    file.{x} = min(file.{x}, file.{y})"),
    ('with atomic("distance"):', "    file.{x} = max(file.{x}, file.{y}) - min(file.{x}, file.{y})"),
    ('with atomic("sum"):', "    file.{x} = min(file.{x} + file.{y}, FILE_SIZE)"),
    ('with atomic("behind"):', "    file.{x} = choose(n for n in range(0, FILE_SIZE + 1) if n >= file.{y})"),
    ('with atomic("twice as far"):', "    file.{x} = choose(n for n in range(0, FILE_SIZE + 1) if n + n >= file.{y})"),
    ('with atomic("write"):', "    for cell in each(Cell):", "        if number(cell) < file.{x}:", "            cell.written = True"),
)
CLAIMS = (  # of the state in which somebody is done
    "implies(file.done and file.{x} % BLOCK_SIZE > 0 and file.{y} % BLOCK_SIZE > 0, file.{x} == file.{y})",
    "implies(file.done, file.{x} <= file.{y})",
    "implies(file.done and file.{x} > file.{y}, file.{x} - file.{y} >= BLOCK_SIZE or file.{y} % BLOCK_SIZE == 0)",
    "implies(file.done, file.{x} + file.{y} != BLOCK_SIZE or file.{x} == file.{y} or file.{x} == 0 or file.{y} == 0)",
    "implies(file.done, not (Cell[0].written and file.{x} < file.{y} < BLOCK_SIZE))",
    "file.{x} % BLOCK_SIZE == 0 or file.{y} <= file.{x}",
)
OF_THREE = (
    "implies(file.done and file.a % BLOCK_SIZE > 0 and file.b % BLOCK_SIZE > 0 and file.c % BLOCK_SIZE > 0,"
    " file.a == file.b or file.b == file.c or file.a == file.c)"
)
RUNS = (  # who runs f and g
    'thread("t", f), bound={bound}',
    'thread("t", f, g), bound={bound}',
    'thread("t", f), process("p", g), bound={bound}',
    'process("p", f), process("q", g)',
    'process("p", f, count=2)',
    'worker("w", f)',
    'thread("t", f), worker("w", g), bound={bound}',
    'process("p", f), setup=g',
)


@st.composite
def bodies(draw, fields: str, done: bool) -> list[str]:
    """Lines of a function on these fields; done: it says that it is."""
    lines = []
    for step in [draw(st.sampled_from(CHOICES)), *draw(st.lists(st.sampled_from(CHOICES + STEPS), max_size=2))]:
        x, y = draw(st.permutations(fields))[:2]
        lines += [line.format(x=x, y=y) for line in step]
    return lines + ["file.done = True"] * done


@st.composite
def programs(draw) -> str:
    """The text of a model; who runs what decides how often its sizes are chosen."""
    fields = draw(st.sampled_from(["ab", "ab", "abc"]))
    x, y = draw(st.permutations(fields))[:2]
    run = draw(st.sampled_from(RUNS)).format(bound=draw(st.integers(1, 2)))
    init = draw(st.sampled_from(["", "", "", ", init=1", ", init=BLOCK_SIZE"]))
    parts = [HEAD.format(blocks=draw(st.sampled_from([1, 1, 2])), init=init)]
    for name in "fg":
        body = draw(bodies(fields, name == "f"))
        if "setup" in run and name == "g":
            body = ["file.b = choose(range(0, FILE_SIZE + 1))", "file.c = choose(range(0, FILE_SIZE + 1))"]
        parts.append(f'def {name}():\n    """Sizes."""\n' + "".join(f"    {line}\n" for line in body))
    claim = draw(st.sampled_from(CLAIMS if fields == "ab" else [OF_THREE])).format(x=x, y=y)
    parts.append(f'@invariant\ndef claim():\n    """A claim."""\n    return {claim}\n')
    return "\n\n".join([*parts, f's = scenario("Drawn.", {run})\n'])


def said(file: Path, cells: int) -> str:
    """What is said of a model that holds with so many cells; "" if it does not hold."""
    options = {"model": file, "settings": {"CELLS": cells}, "properties": ["claim"]}
    if check(**options, time_limit=20).verdict != "holds":
        return ""
    try:
        return cutoff(prepare(**options)).sentence()
    except (Unmeasured, CheckerError) as why:
        return f"sizes: in cells only: {why}"


def needed(file: Path) -> int:
    """Cells in a block with which a statement on every size may be made."""
    try:
        return cutoff(prepare(model=file, settings={"CELLS": 2}, properties=["claim"])).free + 1
    except (Unmeasured, CheckerError):
        return 2


@settings(max_examples=MORE or 25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=programs(), more=st.integers(0, 1))
def test_what_holds_for_every_size_holds_with_more_cells(tmp_path_factory, text, more):
    """With as many cells as are said to be needed, or one more: a count that is too low shows there first."""
    file = tmp_path_factory.mktemp("drawn") / "drawn.py"
    file.write_text(text)
    cells = needed(file) + more
    sentence = said(file, cells) if cells <= 5 else ""
    claimed = sentence.startswith("sizes: for every block size and byte offset (")

    event(" ".join(sentence.split()[:7]))
    for larger in (cells + 1, cells + 2) if claimed else ():
        result = check(model=file, settings={"CELLS": larger}, properties=["claim"], time_limit=60)
        assert result.verdict == "holds", f"{cells} cells: {sentence}\n{larger} cells: {result.verdict}\n{text}"


# ------------------------------------------------------------- one model for each source

FAULTS = Path(__file__).resolve().parents[1] / "models" / "soundness"
STEPS_OF_A_HALF = "sizes: for every block size, with these sizes in steps of 1/2 block; not for every byte offset: "
SAID = {  # by model and scenario
    ("sizes", "two_steps"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "one_statement"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "beside"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "alike"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "after"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "of_before"): STEPS_OF_A_HALF + "2 of 3 cells per block",
    ("sizes", "again"): STEPS_OF_A_HALF + "worker writer chooses a size again and again",
    ("sizes", "loop"): STEPS_OF_A_HALF + "thread writer chooses a size again and again",
    ("sizes", "initial"): "sizes: in cells only: ",
    ("sizes_uncounted", "once"): "sizes: in cells only: no struct of the model has an instance for each cell",
}


@pytest.mark.parametrize(("source", "start"), SAID.items(), ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_every_source_of_sizes_counts(source, start):
    """Two cells hide what four show, so nothing is said of every byte offset."""
    model, scenario = source
    asked = {"model": FAULTS / f"{model}.py", "scenario": scenario}
    result = check(**asked)

    assert result.verdict == "holds"
    assert said_of(result, asked).lines[0].startswith(start)
    assert check(**asked, settings={"CELLS": 4}).violation.property == "inside_is_one_place"


def test_with_cells_enough_the_statement_is_made():
    """In the same models, where nothing that depends on the number of cells is judged."""
    options = {"model": FAULTS / "sizes.py", "settings": {"CELLS": 3}, "properties": ["both_end_inside"]}

    assert said_of(check(**options), options).lines[0].startswith("sizes: for every block size and byte offset (")


def test_an_error_in_what_is_said_of_sizes_does_not_take_the_verdict_away(monkeypatch, capsys):
    def broken(*_):
        raise IndexError("out of cells")

    monkeypatch.setattr("checker.smt.sizes.said.kept_cutoff", broken)

    assert main(["check", "--model", str(FAULTS / "sizes.py")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("holds") and "an error of the checker (IndexError: out of cells;" in out

"""How far a verdict goes: what the model does with sizes, how many cells that takes, and random real layouts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.api import prepare
from checker.cli import main
from checker.errors import ModelError
from checker.interpret import Interpreter
from checker.ir import Choose
from checker.smt.cutoff import cutoff, proved
from checker.smt.real_sizes import LEAST_BLOCK, geometry_of, real_program
from checker.smt.steps import DualSteps

ROUNDED = '''\
from checker.lang import override, pure, variant
from model.scenarios import any_sizes, iomap
from model.size import folio_crosses_eof, folio_end_pos
from model.state import BLOCK_SIZE, FOLIO_SIZE, loff_t, u64

@pure()
def {name}(end_pos: u64, isize: loff_t) -> bool:
    """Another comparison."""
    return {text}

odd = variant("Odd.", override(folio_crosses_eof, by={name}), of=iomap, scenario=any_sizes)
'''


@pytest.mark.parametrize("free", [1, 2, 3, 4])
def test_a_cell_for_each_size_and_one_more_suffice(free):
    assert proved(free, free + 1, {1, 2}, 60)[0] == "proved"


@pytest.mark.parametrize("free", [1, 2, 3])
def test_fewer_cells_do_not(free):
    assert proved(free, free, {1, 2}, 60)[0] == "too few"


def test_a_timeout_is_incomplete():
    assert proved(4, 5, {1, 2}, 0.0001)[0] == "incomplete"


def test_the_set_of_comparisons_comes_from_the_program():
    found = cutoff(prepare(scenario="any_sizes"))
    files = {c.pos.file.rpartition("/")[2] for c in found.comparisons}

    assert {"size.py", "buffered_io.py", "buffered_io_writeback.py", "truncate.py", "xfs_aops.py"} & files
    assert found.units == (1, 2)  # blocks, and folios of two
    assert (found.verdict, found.free, found.cells, found.constants) == ("proved", 3, 4, {})


@pytest.mark.parametrize(
    "text, said",
    [
        ("end_pos // (BLOCK_SIZE // 2) > isize // (BLOCK_SIZE // 2)", "a size is divided by 1024"),
        ("end_pos * 3 > isize", r"sizes are combined by `\*`"),
    ],
)
def test_a_comparison_that_is_not_covered_is_refused(tmp_path, monkeypatch, text, said):
    import sys

    from checker import catalogue as catalogues

    (tmp_path / "odd_sizes.py").write_text(ROUNDED.format(name="odd_crosses", text=text))
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = catalogues.load()
    import importlib

    module = importlib.import_module("odd_sizes")
    try:
        loaded.designs["odd"] = module.odd
        loaded.where[module.odd] = (module.__file__, 1)
        task = prepare(design="odd", bound=3, catalogue=loaded)
        with pytest.raises(ModelError, match=said) as wrong:
            cutoff(task)
        assert "[size]" in str(wrong.value) and ".py:" in str(wrong.value)
    finally:
        sys.modules.pop("odd_sizes", None)


def test_too_few_cells_are_said_and_what_to_run_instead(capsys):
    assert main(["check", "--scenario", "append_flush", "--bound", "2"]) == 0
    out = " ".join(capsys.readouterr().out.split())

    assert "sizes: 2 of 3 cells per block" in out and "--scenario any_sizes" in out


def test_a_verdict_for_every_block_size_and_byte_offset(capsys):
    assert main(["check", "--scenario", "any_sizes", "--bound", "1"]) == 0

    assert "sizes: for every block size and byte offset" in " ".join(capsys.readouterr().out.split())


def test_no_z3_says_so(capsys):
    assert main(["check", "--scenario", "append_flush", "--bound", "1", "--no-z3"]) == 0

    assert "sizes: z3 was not asked (--no-z3)" in capsys.readouterr().out


# --------------------------------------------------------- random layouts in bytes


@pytest.fixture(scope="module")
def both():
    """The scenario of free sizes, in cells and in bytes."""
    task = prepare(scenario="any_sizes", bound=3)
    real = real_program(task, geometry_of(task))
    return task, real


def narrow(position: int, ends: list[int], block: int, cells: int) -> int:
    """A position in bytes, in cells: its rank among the ends inside its block."""
    inside = sorted({e % block for e in ends if e // block == position // block and e % block})
    return position // block * cells + (inside.index(position % block) + 1 if position % block else 0)


def choices_of(block) -> list[Choose]:
    found, queue = [], list(block.body)
    while queue:
        statement = queue.pop(0)
        if isinstance(statement, Choose):
            found.append(statement)
        queue = [*getattr(statement, "then", ()), *getattr(statement, "other", ()), *queue]
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_sizes_in_bytes_go_as_their_layout_in_cells(data, both):
    """A random run with random sizes at real geometry; the same schedule in the scope takes the same
    steps, and its sizes are those of the layout in cells."""
    task, real = both
    block, cells = real.geometry.block, real.geometry.cells
    edges = st.sampled_from([1, 2, 511, block - 1, block, block + 1, 2 * block - 1, 2 * block])
    values = {name: 0 for name in real.sizes} | {
        name: number * block // cells for number, name in enumerate(real.cuts, 1)
    }
    steps = DualSteps(real.with_values(values), {})
    random = data.draw(st.randoms(use_true_random=False))
    state, turns = steps.initial(0), []
    size = steps.slots.at("Inode.i_size")
    for _ in range(160):
        ways = []
        for actor in steps.judge.actors:
            chosen = []
            for choose in choices_of(steps.judge.block_of(state, actor.process, actor.instance)):
                wide = choose.hi - choose.lo >= LEAST_BLOCK
                most = data.draw(edges) if wide else random.randint(choose.lo, choose.hi)
                chosen.append(min(most, choose.hi))
            end = steps.step(state, actor, chosen)
            if end is not None and end.label is not None:
                ways.append((actor, chosen, end))
        if not ways:
            break
        actor, chosen, end = random.choice(ways)
        here = steps.judge.block_of(state, actor.process, actor.instance)
        turns.append((actor, tuple(chosen), state[size], here))
        state = end.state
    ends = _reached(turns, block)
    judge = Interpreter(task.program)
    narrowed, slots = judge.initial_states()[0], judge.slots
    for actor, chosen, before, here in turns:
        there = judge.block_of(narrowed, actor.process, actor.instance)
        assert (there.call.name, there.frames) == (here.call.name, here.frames)
        in_cells = tuple(
            _choice(c, choose, here, before, ends, block, cells) for c, choose in zip(chosen, choices_of(here))
        )
        [step] = [s for s in judge.steps_of(narrowed, actor) if s.choices == in_cells]
        assert step.after is not None
        narrowed = step.after
    for name in ("Inode.i_size", "Inode.i_disk_size", "Log.di_size"):
        if name in task.program.by_name:
            assert narrowed[slots.at(name)] == narrow(state[steps.slots.at(name)], ends, block, cells)


def _what(block) -> str:
    return block.frames[0].function if block.frames else ""


def _reached(turns, block: int) -> list[int]:
    """The ends that the operations of a run have asked for."""
    found = []
    for _, chosen, before, here in turns:
        for c, choose in zip(chosen, choices_of(here)):
            if choose.hi - choose.lo >= LEAST_BLOCK:
                found.append(min(before + c, 2 * block) if _what(here) == "append_any" else c)
    return found


def _choice(c: int, choose: Choose, here, before: int, ends: list[int], block: int, cells: int) -> int:
    """A choice of bytes as one of cells."""
    if choose.hi - choose.lo < LEAST_BLOCK:
        return c
    if _what(here) == "append_any":
        end = min(before + c, 2 * block)
        return max(1, narrow(end, ends, block, cells) - narrow(before, ends, block, cells))
    return narrow(c, ends, block, cells)

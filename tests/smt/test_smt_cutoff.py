"""How far a verdict goes: what the model does with sizes, how many cells that takes, and random real layouts."""

from __future__ import annotations

import importlib
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.base.errors import ModelError
from checker.cli import main
from checker.base.errors import ModelError
from checker.ir.interpreter import Interpreter
from checker.ir.program import Choose
from checker.smt.sizes.alike import GAPS, STEPS, followed, lemma
from checker.smt.sizes.all_blocks import in_all_blocks
from checker.smt.sizes.cutoff import cutoff, proved
from checker.smt.sizes.dual_steps import DualSteps
from checker.smt.sizes.real_sizes import Unmeasured, counts_bytes, geometry_of, real_program
from checker.source import catalogue as catalogues
from checker.verdict.api import check, prepare

ROUNDED = '''\
from checker.lang import override, pure, variant
from model.include.size import folio_crosses_eof, folio_end_pos
from model.include.state import BLOCK_SIZE, FOLIO_SIZE, loff_t, u64
from model.systems.iomap_xfs.scenarios import any_sizes, iomap

@pure()
def {name}(end_pos: u64, isize: loff_t) -> bool:
    """Another comparison."""
    return {text}

odd = variant("Odd.", override(folio_crosses_eof, by={name}), of=iomap, scenario=any_sizes)
'''


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """No verdict here depends on how busy the machine is."""
    monkeypatch.setattr("checker.smt.sizes.cutoff.FOLLOWING", 600)


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


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """Makes a task of the scenario of free sizes in which a comparison is another one."""
    loaded = catalogues.load()
    monkeypatch.syspath_prepend(str(tmp_path))

    def task(text: str):
        (tmp_path / "odd_sizes.py").write_text(ROUNDED.format(name="odd_crosses", text=text))
        monkeypatch.delitem(sys.modules, "odd_sizes", raising=False)
        module = importlib.import_module("odd_sizes")
        monkeypatch.delitem(sys.modules, "odd_sizes")
        monkeypatch.setitem(loaded.designs, "odd", module.odd)
        monkeypatch.setitem(loaded.where, module.odd, (module.__file__, 1))
        return prepare(design="odd", bound=2, catalogue=loaded)

    return task


@pytest.mark.parametrize(
    "text, said",
    [
        ("end_pos * 3 > isize", r"sizes are combined by `\*`"),
    ],
)
def test_a_comparison_that_is_not_covered_is_refused(odd, text, said):
    with pytest.raises(ModelError, match=said) as wrong:
        cutoff(odd(text))
    assert "[size]" in str(wrong.value) and ".py:" in str(wrong.value)


def test_half_a_block_is_no_size_that_is_the_same_for_all_blocks(odd):
    with pytest.raises(Unmeasured, match="2048 is no multiple of a block"):
        cutoff(odd("end_pos // (BLOCK_SIZE // 2) > isize // (BLOCK_SIZE // 2)"))


@pytest.mark.parametrize(
    "text, verdict",
    [
        ("end_pos > isize + 1", "cells"),  # a byte is not a cell
        ("isize + isize > 3 * BLOCK_SIZE", "cells"),  # in the first or in the second half of a block?
    ],
)
def test_a_comparison_that_decides_by_more_than_the_layout_is_noticed(odd, text, verdict):
    found = cutoff(odd(text))

    assert found.verdict == verdict
    assert ".py:" in found.why and found.why in found.sentence()


def test_sizes_are_followed_through_the_states_of_the_search():
    """As many as the search in cells has: a state in cells has one form for each size."""
    searched = check(scenario="any_sizes", bound=2)
    found = cutoff(prepare(scenario="any_sizes", bound=2))

    assert (found.verdict, found.states, found.followed) == ("proved", searched.states, None)
    assert f"followed through {searched.states:,} states" in found.sentence()


def test_fixed_sizes_are_followed_in_steps():
    """Two appends of one cell each end at the end of a block, or do not: a sum, so no layout says it."""
    task = prepare(scenario="append_flush", bound=2)
    every = in_all_blocks(task)

    assert followed(task, every, GAPS, 600).why.endswith("iter.py:13")
    assert followed(task, every, STEPS, 600).verdict == "alike"


def test_forms_keep_their_sign():
    assert lemma(5, 60)


def test_too_few_cells_are_said_and_what_to_run_instead(capsys):
    assert main(["check", "--scenario", "append_flush", "--bound", "2"]) == 0
    out = " ".join(capsys.readouterr().out.split())

    assert "not for every byte offset: 2 of 3 cells per block; for every byte offset: --scenario any_sizes" in out


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
    """A position in bytes, in cells: the rank of its offset in its block among those of all ends."""
    inside = sorted({e % block for e in ends if e % block})
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
    for _ in range(160):
        ways = []
        for actor in steps.judge.actors:
            chosen = []
            for choose in choices_of(steps.judge.block_of(state, actor.process, actor.instance)):
                wide = counts_bytes(choose.lo, choose.hi)
                most = data.draw(edges) if wide else random.randint(choose.lo, choose.hi)
                chosen.append(min(most, choose.hi))
            end = steps.step(state, actor, chosen)
            if end is not None and end.label is not None:
                ways.append((actor, chosen, end))
        if not ways:
            break
        actor, chosen, end = random.choice(ways)
        here = steps.judge.block_of(state, actor.process, actor.instance)
        turns.append((actor, tuple(chosen), here))
        state = end.state
    ends = _reached(turns)
    judge = Interpreter(task.program)
    narrowed, slots = judge.initial_states()[0], judge.slots
    for actor, chosen, here in turns:
        there = judge.block_of(narrowed, actor.process, actor.instance)
        assert (there.call.name, there.frames) == (here.call.name, here.frames)
        in_cells = tuple(_choice(c, choose, ends, block, cells) for c, choose in zip(chosen, choices_of(here)))
        [step] = [s for s in judge.steps_of(narrowed, actor) if s.choices == in_cells]
        assert step.after is not None
        narrowed = step.after
    for name in ("Inode.i_size", "Inode.i_disk_size", "Log.di_size"):
        if name in task.program.by_name:
            assert narrowed[slots.at(name)] == narrow(state[steps.slots.at(name)], ends, block, cells)


def _reached(turns) -> list[int]:
    """The ends that the operations of a run have asked for."""
    asked = ((c, choose) for _, chosen, here in turns for c, choose in zip(chosen, choices_of(here)))
    return [c for c, choose in asked if counts_bytes(choose.lo, choose.hi)]


def _choice(c: int, choose: Choose, ends: list[int], block: int, cells: int) -> int:
    """A choice of bytes as one of cells."""
    return narrow(c, ends, block, cells) if counts_bytes(choose.lo, choose.hi) else c

"""Counterexamples in bytes: found by z3, followed by the interpreter, and the class of all such sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.base.errors import UsageError
from checker.cli import main
from checker.smt.sizes.classes import size_class
from checker.smt.sizes.of_trace import Regions, checked, lifted
from checker.smt.sizes.real_sizes import geometry_of, real_program
from checker.trace.file import read
from checker.verdict.api import check, prepare
from tests.support.textbook import slow

STORED = Path(__file__).resolve().parents[2] / "counterexamples"
SHORT = "unlock_before_size--no_write_is_lost.txt"
FEW = [SHORT, "no_io_size_clamp--recorded_size_is_backed.txt", "iomap--fsync_reports_errors.txt"]


def stored(name: str):
    """A stored counterexample: its task, and its trace in cells."""
    found = read(STORED / name)
    facts = found.facts
    task = prepare(None, facts.design, facts.scenario, facts.bound, [found.property], facts.settings)
    return task, found.follow(task.program).trace


@pytest.mark.parametrize("name", FEW)
def test_stored_counterexamples_happen_in_bytes(name):
    task, trace = stored(name)
    found = lifted(task, trace)

    assert found.trace.violation.property == trace.violation.property
    assert [step.label for step in found.trace.steps] and len(found.trace.steps) == len(trace.steps)
    assert found.geometry.folio == 4096
    assert found.sizes and all(value % 512 == 0 for value in found.sizes.values())


ALL = sorted(path.name for path in STORED.glob("*.txt"))
KINDS = {  # what a trace in bytes may need: an example of each
    "a store through a mapping": "mmap_extend_without_mkwrite--no_write_is_lost.txt",
    "a copy that stops anywhere": "iomap--uptodate_blocks_are_initialised.txt",
    "a loop": "plug_and_skipped_pages--plugs_are_flushed.txt",
    "folios of two pages": "f2fs--f2fs_no_write_is_lost.txt",
    "positions in folios": "netfs_one_stream_is_enough--netfs_writeback_lasts_as_long_as_both_streams.txt",
    "blocks and holes": "ext4_ordered_data_not_waited--no_stale_data_is_exposed.txt",
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in KINDS.values() else slow) for name in ALL])
def test_every_stored_counterexample_of_a_model_with_sizes_happens_in_bytes(name):
    """None is declined, none is an artefact of its scope.  By default an example of each kind."""
    task, trace = stored(name)
    found = lifted(task, trace, seconds=60)

    assert (found.why, found.artefact) == ("", False)
    assert found.trace.violation.property == trace.violation.property
    assert (found.trace.loop, len(found.trace.steps)) == (trace.loop, len(trace.steps))


def test_a_violation_for_chosen_sizes_has_the_bytes_that_it_chooses(capsys):
    """In any_sizes operations choose their sizes; in bytes these are found as well."""
    assert main(["check", "--design", "unlock_before_size", "--scenario", "any_sizes", "--bound", "2"]) == 1
    out = " ".join(capsys.readouterr().out.split())

    assert "sizes: in bytes, with blocks of 2048 bytes" in out and "CHOICE_IN_STEP_2 = 4096" in out


def test_the_block_size_can_be_chosen():
    task, trace = stored(SHORT)
    found = lifted(task, trace, block=2048, order=0)

    assert (found.geometry.block, found.geometry.folio) == (2048, 4096)
    assert found.trace is not None


def test_steps_that_other_blocks_do_not_take_are_no_artefact():
    """With blocks larger than a page pagecache_isize_extended() has nothing to do."""
    task, trace = stored(SHORT)
    found = lifted(task, trace, block=8192, order=2)

    assert found.trace is None and not found.artefact
    assert found.why.endswith("with blocks of 8192 bytes and folios of order 2")


@pytest.mark.parametrize("block, order", [(4096, 0), (1000, None), (512, 1), (131072, 6)])
def test_blocks_that_the_folio_of_the_scope_does_not_have_are_refused(block, order):
    task, trace = stored(SHORT)

    with pytest.raises(UsageError, match="a folio of the scope has 2 blocks"):
        lifted(task, trace, block=block, order=order)


ARTEFACT = '''\
from checker.lang import Range, Struct, as_c, constant, invariant, measured, process, scenario

CELLS = constant(2, "cells in a block")
BLOCKS = constant(1, "blocks in a folio")
PAGES = constant(1, "pages in a folio")
SIZE = constant(1, "a size", size=True)
LIMIT = constant(2, "where it goes wrong")
in_bytes = measured(cells=CELLS, blocks=BLOCKS, pages=PAGES)

class Cell(Struct, count=BLOCKS * CELLS):
    """A cell."""
    seen = Range(0, 1, "seen")

class File(Struct):
    """A file."""
    size = Range(0, BLOCKS * CELLS, "size")

def write():
    """Sets the size."""
    File[0].size = SIZE

@invariant
def small():
    """A size that is not zero is small only where blocks are."""
    return File[0].size == 0 or CELLS > LIMIT or any(cell.seen == 1 for cell in Cells())

all = scenario("All.", process("writer", write))
'''


def test_what_no_sizes_drive_is_called_an_artefact(tmp_path, capsys):
    file = tmp_path / "artefact.py"
    file.write_text(ARTEFACT.replace(" or any(cell.seen == 1 for cell in Cells())", " or Cell[0].seen == 1"))
    result = check(model=file)
    task = prepare(model=file)
    found = lifted(task, result.violation.trace)

    assert found.artefact and found.trace is None
    assert main(["check", "--model", str(file)]) == 1
    assert "sizes: an artefact of the scope" in capsys.readouterr().out


def test_the_class_of_sizes_is_said_in_words():
    task, trace = stored(SHORT)
    found = size_class(task, trace)

    assert found.whole and found.bad < found.regions
    assert found.alternatives == (("APPEND_A > 0", "APPEND_A < 2 BS"),)
    assert [values["APPEND_A"] for _, _, values in found.boundaries] == [1, 4095]


@pytest.fixture(scope="module")
def all_regions():
    task, trace = stored(SHORT)
    regions = Regions(real_program(task, geometry_of(task)), trace, 120)
    while regions.next() is not None:
        pass
    return regions


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_sizes_are_bad_exactly_if_their_region_is(data, all_regions):
    """Random sizes in bytes: the interpreter follows the schedule to the violation, or does not, as
    the one region that they lie in says."""
    import z3

    real = all_regions.real
    near = st.sampled_from([1, 2, 1023, 1024, 2047, 2048, 2049, 4095, 4096])
    values = {
        name: data.draw(st.one_of(near, st.integers(1, 4096))) if cells else 0 for name, cells in real.sizes.items()
    }
    last = 0
    for name in real.cuts:
        last = values[name] = data.draw(st.integers(last + 1, real.geometry.block - 1))
    point = [(all_regions.variables[name], z3.IntVal(value)) for name, value in values.items()]
    inside = [
        region
        for region in all_regions.known
        if all(z3.is_true(z3.simplify(z3.substitute(one, *point))) for one in region.path)
    ]

    assert len(inside) == 1
    assert (checked(real, all_regions.trace, values) is not None) == inside[0].bad


# ------------------------------------------------------------------ command line


UNLOCKED = ["--design", "unlock_before_size", "--property", "no_write_is_lost", "--bound", "2"]


def test_a_violated_check_shows_bytes_without_being_asked(capsys):
    assert main(["check", *UNLOCKED, "--full"]) == 1
    out = capsys.readouterr().out

    assert "sizes: in bytes, with blocks of 2048 bytes" in out
    assert "APPEND_A = 1024" in out
    assert "sizes are bytes; of each block of 2048 bytes bytes 0, 1024 can be seen" in out
    assert max(map(len, out.splitlines()[1:])) <= 80


def test_no_z3_leaves_sizes_out_and_says_so(capsys):
    assert main(["check", *UNLOCKED, "--no-z3"]) == 1
    out = capsys.readouterr().out

    assert "sizes: z3 was not asked (--no-z3)" in out and "sizes are bytes" not in out


def test_replay_shows_the_class_of_sizes(capsys):
    assert main(["replay", str(STORED / SHORT), "--symbolic"]) == 1
    out = capsys.readouterr().out

    assert "APPEND_A > 0 and APPEND_A < 2 BS" in out
    assert "boundary cases, followed again by the interpreter:" in out


def test_replay_in_bytes_as_json(capsys):
    assert main(["replay", str(STORED / SHORT), "--block-size", "1024", "--json", "-"]) == 2  # no such folio
    capsys.readouterr()
    assert main(["replay", str(STORED / SHORT), "--block-size", "2048", "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)

    assert found["sizes"]["bytes"] == {"block_size": 2048, "folio_order": 0, "sizes": {"APPEND_A": 1024}}


def test_models_that_measure_nothing_say_nothing_of_sizes(capsys):
    main(["check", "--model", "tests/models/two_phase_commit.py"])
    assert "sizes:" not in capsys.readouterr().out

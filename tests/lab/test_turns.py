"""From a stored counterexample to who is held where; no machine is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.trace.trace import Turn, follow
from model.lab import confirm, operations, turns
from model.lab.points import Functions

STORED = Path("counterexamples")
FSYNC = STORED / "iomap--fsync_reports_errors.txt"
CUT = STORED / "iomap--cut_data_stays_cut.txt"
F2FS = STORED / "findings" / "f2fs--f2fs_fsync_makes_durable.txt"
ROOMY = Functions(frozenset({  # of a kernel, some that can be hooked
    "__filemap_set_wb_err", "folio_end_writeback", "folio_unlock", "iomap_writepages", "iomap_file_buffered_write", "xfs_map_blocks",
    "xfs_bmapi_convert_delalloc", "xfs_end_io", "xfs_iomap_write_unwritten", "f2fs_fsync_node_pages", "f2fs_do_write_data_page",
    "f2fs_outplace_write_data", "f2fs_write_end", "fault_in_readable", "__iomap_put_folio.isra.0",
}))  # fmt: skip


def given(path: Path) -> confirm.Counterexample:
    return confirm.follow(str(path))


def derived(one: confirm.Counterexample, functions: Functions = ROOMY, avoid: frozenset = frozenset()) -> turns.Schedule:
    return turns.derive(one.trace, one.system, functions, avoid)


@pytest.fixture(scope="module")
def fsync():
    return given(FSYNC)


def lines(schedule: turns.Schedule, word: str) -> list[str]:
    return [line for line in schedule.text().splitlines() if line.startswith(word)]


def test_the_flusher_is_held_before_it_records_the_error(fsync):
    found = derived(fsync)

    assert lines(found, "turn") == [
        "turn writer x folio_unlock __iomap_put_folio.isra.0 1 2",
        "turn flusher e __filemap_set_wb_err - 1 2",
        "turn fsync0 o 2",
    ]


def test_what_the_model_lets_fail_is_forced(fsync):
    assert lines(derived(fsync), "fault") == ["fault flusher xfs_bmapi_convert_delalloc - 1 -5"]


def test_the_control_has_the_failure_and_no_order(fsync):
    control = derived(fsync).control()

    assert lines(control, "turn") == ["turn writer o 2", "turn flusher o 2", "turn fsync0 o 2"]
    assert lines(control, "fault") == ["fault flusher xfs_bmapi_convert_delalloc - 1 -5"]


def test_a_place_that_is_no_good_gives_way_to_the_next(fsync):
    avoid = frozenset({(1, "in front of __filemap_set_wb_err()")})

    assert "turn flusher x folio_end_writeback iomap_writepages 1 2" in lines(derived(fsync, ROOMY, avoid), "turn")


def test_where_nothing_can_be_hooked_it_says_so(fsync):
    with pytest.raises(UsageError, match="cannot be driven"):
        derived(fsync, Functions(frozenset()))


def test_operations_are_in_bytes(fsync):
    load = derived(fsync).workload

    assert load.text([]) == "file 2048 2048 2048\nthread writer\nappend 1024 a\nthread flusher\nflush\nthread fsync0\nfsync\nat_end\n"
    assert load.block == 2048


def test_a_worker_and_the_device_have_turns_of_their_own():
    found = derived(given(CUT))

    assert "role kworker kworker xfs_end_io" in lines(found, "role")
    assert lines(found, "turn")[3:] == ["turn disc2 o 3", "turn kworker x xfs_iomap_write_unwritten - 1 0"]  # the second bio, and not the first
    assert lines(found, "hold") == ["hold"] and found.end == ["force_log", "crash"]


def test_a_thread_may_go_on_if_the_model_is_violated_all_the_same():
    """The flusher of f2fs has a node locked where it is held; a step later it has not."""
    steps = given(F2FS)
    avoid = frozenset({(2, "behind f2fs_outplace_write_data()")})

    assert "turn flusher x f2fs_outplace_write_data - 1 2" in lines(derived(steps), "turn")
    assert "turn flusher x f2fs_do_write_data_page - 1 2" in lines(derived(steps, ROOMY, avoid), "turn")


def test_runs_that_were_made_longer_still_violate_the_property(fsync):
    """Without the folio's own functions the flusher can only be held elsewhere; the model is asked."""
    poor = Functions(ROOMY.names - {"__filemap_set_wb_err", "folio_end_writeback", "folio_unlock", "__iomap_put_folio.isra.0"})
    try:
        found = derived(fsync, poor)
    except UsageError:
        return
    trace = fsync.trace
    steps = [Turn(trace.steps[i].process, trace.steps[i].instance, trace.steps[i].choices) for run in found.runs for i in run.steps]
    assert follow(trace.program, steps, trace.start, "fsync_reports_errors").trace.violation is not None


@pytest.mark.parametrize("name, why", [("findings/encrypted/f2fs--f2fs_fsync_makes_durable", "encrypted"), ("f2fs--deadlock", "compressed"), ("nfs--deadlock", "no nfs")])
def test_what_cannot_be_had_is_said(name, why):
    with pytest.raises(UsageError, match=f"cannot be driven.*{why}"):
        derived(given(STORED / f"{name}.txt"))


def test_memory_that_is_gone_when_it_is_copied():
    found = derived(given(STORED / "iomap--failed_writes_keep_i_size.txt"))

    assert [str(op) for op in found.workload.threads["writer"]] == ["short 3072 1024 0 a"]
    assert lines(found, "fault") == ["fault writer fault_in_readable - 1 0"]
    assert lines(found.control(), "fault") == [] and str(found.control().workload.threads["writer"][0]) == "write 3072 1024 a"


def test_every_operation_that_is_named_has_a_call_of_the_workload():
    from model.lab.points import data
    from model.lab.prepared import SOURCES

    text = (SOURCES / "workload.c").read_text()
    assert {call for call, *_ in data()["operations"].values() if f'op->name, "{call}"' not in text} == set()


def test_every_operation_that_is_named_is_one_of_the_model():
    from checker.source.catalogue import load
    from model.lab.points import data

    assert set(data()["operations"]) <= set(load().functions)
    assert operations.OLD not in "".join(op.letter for op in derived(given(CUT)).workload.threads["writer"])


def test_a_device_can_be_the_file():
    found = derived(given(STORED / "findings" / "blkdev--warn_on.txt"), Functions(ROOMY.names | {"mark_buffer_dirty"}))

    assert found.workload.fs == "blkdev" and lines(found, "broken") == ["broken 1"]
    assert "turn writer e mark_buffer_dirty - 1 3" in lines(found, "turn")


def test_a_file_that_cannot_be_read_can_be_in_the_control():
    found = derived(given(STORED / "f2fs--f2fs_what_is_cut_reads_as_zero.txt"))

    assert found.unreadable and not found.control().unreadable
    assert [str(op) for op in found.workload.threads["truncater"]] == ["truncate 2048", "truncate 4096"]

"""When memory runs short states go to files: the search finds the same, and leaves nothing behind."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest

from checker import cli
from checker.base.errors import UsageError
from checker.native import disk as native_disk
from checker.search import native as explore_native
from checker.search.exploration import Limits
from checker.search.explore import explore
from checker.search.native import Search
from checker.verdict import api
from tests.native.test_native import crowded, replay, two_phase_commit  # noqa: F401
from tests.support.agreement import differences
from tests.support.programs import binary, prop, read
from tests.support.textbook import MODELS

CORE = MODELS / "writeback_core.py"
COMMITTED = 2
SETTINGS = {"F": 2, "W": 1, "WOPS": 2, "FLOPS": 2, "FSOPS": 1, "TROPS": 1}  # 2,084,486 states


def digest(search: Search) -> int:
    """The same for the same set of states, whatever their order."""
    width, count = search.store.row, search.store.count()
    rows = search.store.rows[: count * width].reshape(count, width)
    keys = np.random.default_rng(7).integers(1, 1 << 63, (2, width), np.uint64) | np.uint64(1)
    mixed = ((rows ^ (rows >> np.uint64(31))) * keys[0]).sum(axis=1, dtype=np.uint64)
    return int(((mixed ^ (mixed >> np.uint64(29))) * keys[1, 0]).sum(dtype=np.uint64))


@pytest.mark.parametrize("threads", [1, 2])
def test_two_million_states_with_memory_for_their_index_only(tmp_path: Path, threads: int) -> None:
    program = api.prepare(CORE, settings=SETTINGS).program

    whole = Search(program, Limits(None, 1 << 30), threads, True, None)
    spilled = Search(program, Limits(None, 24 << 20, None, str(tmp_path)), threads, True, None)
    right, found = whole.run(), spilled.run()

    assert (right.states, right.disk_bytes, found.disk_bytes) == (2_084_486, 0, 28 * 2_084_486)
    assert differences(right, found) == [] and digest(whole) == digest(spilled)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("words", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_small_ones_in_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, words: int, crowded: None  # noqa: F811
) -> None:
    def states(directory: str | None) -> set[tuple[int, ...]]:
        scarce = chain([0], repeat(1 << 40))  # memory of the machine: short once
        monkeypatch.setattr(explore_native, "available_memory", lambda: next(scarce) if directory else 1 << 40)
        search = Search(two_phase_commit(5, words), Limits(None, 1 << 28, None, directory), threads, True, None)
        count = search.run().states
        assert bool(search.store.on_disk) == bool(directory)
        assert set(search.store.parents[1:count].tolist()) <= set(range(count))
        return {tuple(search.store.state(row)) for row in range(count)}

    monkeypatch.setattr(explore_native, "LOOK", 0.0)
    everything = states(None)
    assert len(everything) == 8_832
    assert states(str(tmp_path)) == everything


def test_a_counterexample_is_read_back_from_the_files(tmp_path: Path) -> None:
    program = two_phase_commit(7)
    some = binary("!=", read("rm", 0), COMMITTED)
    for manager in range(1, 7):
        some = binary("or", some, binary("!=", read("rm", manager), COMMITTED))
    program = replace(program, properties=(prop("invariant", some, "never_all"),))

    right = explore(program, memory_limit=1 << 28).violation
    found = explore(program, memory_limit=5 << 20, spill_dir=str(tmp_path))

    assert found.disk_bytes and found.violation.steps == right.steps == len(right.path) - 1
    replay(program, found.violation)


# ---------------------------------------------------------------------- limits


def test_an_index_without_room_is_the_memory_limit(tmp_path: Path) -> None:
    found = explore(two_phase_commit(8), memory_limit=2 << 20, spill_dir=str(tmp_path))

    assert (found.complete, found.stopped_by) == (False, "memory")
    assert "index" in found.stopped_because and found.disk_bytes == 12 * found.states
    assert found.states * found.bytes_per_state - found.disk_bytes <= 2 << 20
    assert sum(found.levels) == found.states


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(os, "posix_fallocate", no_room)
    files = ["--memory-limit", "0.02", "--spill-dir", str(tmp_path), "--threads", "1"]

    status = cli.main(["check", "--model", str(CORE), *[f"--set={n}={v}" for n, v in SETTINGS.items()], *files])

    said = capsys.readouterr()
    assert status == 3 and "stopped by a full disk" in said.out and "Traceback" not in said.out + said.err
    assert f"{tmp_path}: No space left on device" in " ".join(said.out.split())
    assert os.listdir(tmp_path) == []


def test_some_of_a_disk_is_left_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_disk, "LEFT_TO_OTHERS", 1 << 60)
    size = os.statvfs(tmp_path)
    free = size.f_bavail * size.f_frsize - size.f_blocks * size.f_frsize // 20

    monkeypatch.setattr(os, "posix_fallocate", lambda *_: None)
    array = native_disk.DiskArray(str(tmp_path), np.zeros(8, np.uint64), 8, 1 << 40)
    array.allocate(max(free, 0) // 16)
    with pytest.raises(native_disk.DiskFull, match="left to others"):
        array.allocate(free // 4)


def test_a_directory_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no directory"):
        api.check(MODELS / "peterson.py", spill_dir=str(tmp_path / "missing"))


def test_nothing_is_left_behind_after_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore_native, "SLICE", 0.0)
    seen = []

    def press(now) -> None:
        if now.disk_bytes:
            seen.append(os.listdir(tmp_path))
            signal.raise_signal(signal.SIGINT)

    found = explore(two_phase_commit(8), memory_limit=34 << 20, spill_dir=str(tmp_path), progress=press)

    assert (found.complete, found.stopped_by, seen[0], os.listdir(tmp_path)) == (False, "interrupt", [], [])


def test_scarce_memory_of_the_machine_makes_room_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore_native, "available_memory", lambda: 0)
    monkeypatch.setattr(explore_native, "LOOK", 0.0)

    alone = explore(two_phase_commit(7), memory_limit=1 << 28)
    found = explore(two_phase_commit(7), memory_limit=1 << 28, spill_dir=str(tmp_path))

    assert (alone.stopped_by, alone.disk_bytes) == ("memory", 0)
    assert found.disk_bytes and found.stopped_by == "memory"

"""A counterexample on another design: which step is not possible there, or does something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.cli import main
from checker.verdict.replay import Replayed, _moved, replayed

ROOT = Path(__file__).resolve().parents[2]
MODEL = '''\
from checker.lang import Flag, Lock, Range, Struct, acquire, baseline, drop, insert_before, invariant, override
from checker.lang import primitive, process, pure, release, scenario, variant


size_t = Range(0, 3)


class Box(Struct):
    """A counter."""
    lock = Lock("the lock")
    busy = Range(0, 2, "busy")
    size = Range(0, 3, "size")


@primitive()
def lock():
    """Take it."""
    acquire(Box[0].lock)


@primitive()
def unlock():
    """Give it back."""
    release(Box[0].lock)


@primitive()
def enter():
    """One more is in."""
    Box[0].busy += 1


@primitive()
def leave():
    """One less."""
    Box[0].busy -= 1


@pure()
def most() -> size_t:
    """How large it may be."""
    return 2


@pure()
def more() -> size_t:
    """Too much."""
    return 3


@primitive()
def grow():
    """As large as may be."""
    Box[0].size = most()


@primitive()
def ruin():
    """Too large."""
    Box[0].size = 3


def run():
    """Both do this."""
    lock()
    enter()
    leave()
    grow()
    unlock()


@invariant
def alone():
    """One at a time."""
    return Box[0].busy < 2


@invariant
def small():
    """It is not too large."""
    return Box[0].size < 3


base = baseline("As it should be.")
no_lock = variant("Nobody locks.", drop(lock, inside=run), drop(unlock, inside=run), of=base)
too_large = variant("It grows too much.", override(most, by=more), of=base)
one_more = variant("Something is done besides.", insert_before(grow, ruin, inside=run), of=base)
both = scenario("Two.", process("runner", run, count=2), of=base)
'''


@pytest.fixture
def on_the_baseline(tmp_path, monkeypatch):
    """Find the violation of a design, store it, and replay it; model and its files are in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("box.py").write_text(MODEL)

    def follow(design: str) -> Replayed:
        main(["check", "--model", "box.py", "--design", design, "--save", "found.txt", "--quiet"])
        return replayed("found.txt")

    return follow


def test_a_step_that_has_to_wait(on_the_baseline):
    found = on_the_baseline("no_lock")
    name, moved = found.baseline

    assert name == "base" and moved.stopped is not None and moved.passed == ()
    assert "stands before lock() in run(), box.py:" in moved.why and "is held by runner" in moved.why
    text = found.text()
    assert "with base these steps do not violate alone:" in text and "is no longer possible" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_step_that_does_something_else(on_the_baseline):
    _, moved = on_the_baseline("too_large").baseline

    assert moved.stopped is None
    index, place, values = moved.effect
    assert "grow()" in place and values == "size = 2, not 3"


def test_a_step_that_is_not_there(on_the_baseline):
    found = on_the_baseline("one_more")

    assert found.baseline[1].passed == (3,) and "step 4 " in found.text() and "ruin() in run()" in found.text()


def test_another_design_can_be_named(on_the_baseline, capsys):
    on_the_baseline("no_lock")
    capsys.readouterr()

    assert main(["replay", "found.txt", "--on", "too_large", "--json", "-"]) == 0
    on = json.loads(capsys.readouterr().out)["on"]
    assert on["design"] == "too_large" and on["stopped_at"] == 2 and on["violated"] is None


@pytest.mark.parametrize(
    "file, told",
    [
        ("truncate_skips_writeback_wait--io_goes_to_blocks_of_the_file", "before folio_wait_writeback() in truncate_inode"),
        ("no_io_size_clamp--recorded_size_is_backed", "io_size = 1, not 2"),
        ("unlock_before_size--no_write_is_lost", "and waits: PG_locked is held by writer"),
        ("nfs_no_softerr--nfs_passes_end", "is no longer possible: sync stands before end() in nfs_flush()"),
    ],
)
def test_the_explanation_of_a_fix(file, told, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = replayed(f"counterexamples/{file}.txt").text()

    baseline = "nfs" if file.startswith("nfs_") else "iomap"
    assert told in " ".join(text.split()) and f"with {baseline} these steps do not violate" in text


def test_an_endless_trace_that_another_design_allows_is_not_explained(monkeypatch):
    monkeypatch.chdir(ROOT)
    again = replayed("counterexamples/nfs_no_softerr--nfs_passes_end.txt", design="nfs_no_softerr")

    assert again.baseline is not None
    found = _moved(again.followed, again.task)  # onto the design that it is of
    assert found is None

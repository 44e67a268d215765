"""What a guest prints, read and judged."""

from __future__ import annotations

import pytest

from model.lab import judge
from model.lab.operations import Operation, Workload
from model.lab.points import data
from model.lab.seen import Content, Returned, Seen, read

PRINTED = """\
OP writer 1 append = 1024 - size 3072
OP flusher 1 flush = -1 EIO
STATE state 1 3 flusher missed
LOOK cache 3072 3072 0-2048:6f 2048-3072:61
LOOK crash none mount
STACK fsync0 folio_wait_writeback+0x2b/0x80
HUNG fsync0
LOG turn 0 writer o - 0x0
KERNEL [   12.3] WARNING: CPU: 0 PID: 1 at fs/buffer.c:1194 mark_buffer_dirty+0x9/0xd0
some other line
"""


def test_reading():
    seen = read(PRINTED.splitlines())

    assert [str(r) for r in seen.returned] == ["writer's operation 1, write(), returns 1024", "flusher's operation 1, sync_file_range(), returns EIO"]
    assert [r.size for r in seen.returned] == [3072, -1]
    assert (seen.state, seen.turn, seen.turns, seen.role) == ("missed", 1, 3, "flusher")
    assert str(seen.contents["cache"]) == "size 3072: 0-2047 'o', 2048-3071 'a'"
    assert str(seen.contents["crash"]) == "cannot be read (mount)"
    assert seen.stacks == {"fsync0": ["folio_wait_writeback+0x2b/0x80"]} and seen.hung == ["fsync0"]


def test_a_case_that_was_refused():
    assert read(["REFUSED turn writer e nothing - 1 2"]).refused == "turn writer e nothing - 1 2"
    assert read(["OP writer 1 write = 1 -"]).refused  # and one that ended early


WRITES = {"writer": [Operation("write", (0, 2048), "a", begins=0, ends=5)]}


def load(**threads) -> Workload:
    return Workload("xfs", 4096, 4096, 4096, WRITES | threads)


FSYNCED = load(fsync=[Operation("fsync", begins=6, ends=9)])
LOST, WRITTEN = Content(4096, b"o" * 4096), Content(4096, b"a" * 2048 + b"o" * 2048)


def seen(content: Content, when: str, returned: int = 0, **more) -> Seen:
    back = [Returned("writer", 1, "write", 2048, ""), Returned("fsync", 1, "fsync", returned, "" if returned == 0 else "EIO")]
    return Seen("complete", contents={when: content}, returned=back, **more)


@pytest.mark.parametrize("content, returned, wrong", [(LOST, 0, True), (WRITTEN, 0, False), (LOST, -1, False)])
def test_data_that_nobody_is_told_of(content, returned, wrong):
    found = judge.nobody_was_told(seen(content, "disk", returned, log=["fault 1 flusher f = -5"]), FSYNCED, "")

    assert bool(found) == wrong


@pytest.mark.parametrize("content, returned, wrong", [(LOST, 0, True), (WRITTEN, 0, False), (LOST, -1, False), (Content(error="mount"), 0, True)])
def test_data_that_was_promised(content, returned, wrong):
    assert bool(judge.promised_and_lost(seen(content, "crash", returned), FSYNCED, "")) == wrong


def test_what_came_later_may_be_there_or_not():
    later = load(fsync=[Operation("fsync", begins=6, ends=9)], bg=[Operation("write", (0, 4096), "b", begins=7)])

    assert not judge.promised_and_lost(seen(Content(4096, b"b" * 4096), "crash"), later, "")
    assert not judge.promised_and_lost(seen(WRITTEN, "crash"), later, "")
    assert judge.promised_and_lost(seen(Content(4096, b"c" * 4096), "crash"), later, "")


CUT = Workload("xfs", 4096, 4096, 4096, {"t": [Operation("truncate", (2048,), begins=0)], "w": [Operation("write", (4096, 1024), "a", begins=3)]})


@pytest.mark.parametrize("content, wrong", [
    (Content(5120, b"o" * 4096 + b"a" * 1024), True),
    (Content(5120, b"o" * 2048 + bytes(2048) + b"a" * 1024), False),
    (Content(4096, b"o" * 4096), False),  # as if nothing had been
])  # fmt: skip
def test_what_was_cut_comes_back(content, wrong):
    assert bool(judge.cut_and_back(Seen(contents={"crash": content}), CUT, "")) == wrong


@pytest.mark.parametrize("size, data, wrong", [(2048, b"o" * 4096, True), (2048, b"o" * 2048 + bytes(2048), False), (4096, b"o" * 4096, False)])
def test_what_was_cut_is_read_again(size, data, wrong):
    both = Workload("f2fs", 4096, 4096, 4096, {"t": [Operation("truncate", (2048,), begins=0), Operation("truncate", (4096,), begins=3)]})
    returned = [Returned("t", 1, "truncate", -1, "EIO", size), Returned("t", 2, "truncate", 0, "", 4096)]

    assert bool(judge.cut_and_read(Seen(returned=returned, contents={"disk": Content(4096, data)}), both, "")) == wrong


@pytest.mark.parametrize("returned, size, wrong", [(-1, 6144, True), (-1, 4096, False), (1024, 5120, False)])
def test_a_file_that_grows_by_nothing(returned, size, wrong):
    short = Workload("xfs", 4096, 4096, 4096, {"writer": [Operation("short", (4096, 1024, 1024), "a")]})
    found = Seen(returned=[Returned("writer", 1, "short", returned, "EFAULT")], contents={"cache": Content(size, bytes(size))})

    assert bool(judge.grown_by_nothing(found, short, "")) == wrong


def test_bytes_that_nobody_wrote():
    assert judge.junk(Seen(contents={"cache": Content(4096, b"a" * 2048 + b"\xaa" * 2048)}), load(), "")
    assert not judge.junk(Seen(contents={"cache": WRITTEN}), load(), "")


def test_a_warning_counts_where_the_model_has_it():
    warned = Seen(kernel=["WARNING: at fs/buffer.c mark_buffer_dirty+0x9/0xd0"])

    assert judge.warned(warned, load(), "mark_buffer_dirty(): warn_on(not bh.uptodate)")
    assert not judge.warned(warned, load(), "folio_end_writeback(): bug_on(x)")


def test_every_property_of_the_table_has_its_judge():
    from checker.ir.program import ALWAYS_ON
    from checker.source.catalogue import load as catalogue

    assert set(data()["properties"]) <= {*catalogue().properties, *ALWAYS_ON}
    assert all(callable(judge.judge_of(name)) for name in data()["properties"])
    assert judge.judge_of("no_such_property") is None

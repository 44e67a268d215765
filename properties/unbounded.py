"""One folio, sizes of any value, and any number of operations: small systems for proofs by induction.

Each is what remains of the model if one folio is looked at and all but a few variables are
forgotten.  Its steps are those of the model that change these; whatever the model decides by
other variables may go either way here.  That the model takes no other steps is asked of complete
searches (`seen_as`, `compared_with`), whenever the proof is made.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Ghost, Range, Struct, atomic, bug_on, choose, each, implies
from checker.lang import induction, inductive
from checker.lang import interrupt, kernel, number, override, primitive, pure, variant, wait_until, worker

from model.include.size import bio_covers
from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, DATA, IOMAP_MAPPED, IO_BUILT, IO_FREE, IO_LISTED
from model.include.state import IO_SUBMITTED
from model.include.state import NEW, OLD, Block, Cell, Folio, Inode, Ioend
from model.systems.iomap_xfs.scenarios import any_sizes, append_flush, iomap, two_mappings

LARGEST = (1 << 63) - 1
LARGEST_FOLIO = 4096 << 9
REAL_BLOCK = 4096
any_size = Range(0, LARGEST)
any_count = Range(0, (1 << 31) - 1)

# --------------------------------------------------- write_bytes_pending and PG_writeback


class CountedFolio(Struct):
    """A folio with its ifs."""

    wb = Flag("PG_writeback")
    building = Flag("a pass holds the bias")
    ending = Flag("somebody has seen the count become zero")
    pending = Range(0, (1 << 31) - 1, "write_bytes_pending")
    in_flight = Range(0, LARGEST_FOLIO, "bytes of unfinished I/O")


counted = CountedFolio[0]


@pure("fs/iomap/buffered-io.c")
def writeback_bias() -> any_count:
    """What write_bytes_pending is raised by while blocks are being submitted."""
    return 1


@kernel("fs/iomap/buffered-io.c")
def counted_bias():
    """iomap_writepage_map() raises the count: under the folio lock, when no writeback is under way."""
    with atomic("one step of the small system"):
        wait_until(not counted.wb and not counted.building and not counted.ending)
        bug_on(counted.pending != 0)
        counted.pending += writeback_bias()
        counted.building = True


@kernel("fs/iomap/buffered-io.c")
def counted_start():
    """folio_start_writeback()."""
    with atomic("one step of the small system"):
        wait_until(counted.building and not counted.wb)
        counted.wb = True


@kernel("fs/iomap/buffered-io.c")
def counted_add():
    """iomap_add_to_ioend(): some more bytes of the folio."""
    with atomic("one step of the small system"):
        wait_until(counted.building and counted.wb and counted.in_flight < LARGEST_FOLIO)
        len = choose(range(1, LARGEST_FOLIO + 1))
        if counted.in_flight + len <= LARGEST_FOLIO:
            counted.pending += len
            counted.in_flight += len


@kernel("fs/iomap/buffered-io.c")
def counted_finish():
    """The end of iomap_writepage_map(): the bias goes; whoever takes the last of the count ends writeback."""
    with atomic("one step of the small system"):
        wait_until(counted.building and counted.wb)
        counted.building = False
        counted.pending -= writeback_bias()
        counted.ending = counted.ending or counted.pending == 0


@kernel("fs/iomap/buffered-io.c")
def counted_complete():
    """iomap_finish_folio_write(): I/O on some bytes is done."""
    with atomic("one step of the small system"):
        wait_until(counted.in_flight > 0)
        len = choose(range(1, LARGEST_FOLIO + 1))
        if len <= counted.in_flight:
            counted.pending -= len
            counted.in_flight -= len
            counted.ending = counted.ending or counted.pending == 0


@kernel("fs/iomap/buffered-io.c")
def counted_end():
    """folio_end_writeback(), by who has taken the last of the count."""
    with atomic("one step of the small system"):
        wait_until(counted.ending)
        bug_on(not counted.wb)
        counted.wb = False
        counted.ending = False


@inductive
def io_is_under_writeback(folio: CountedFolio) -> bool:
    """While I/O on a folio is unfinished, it is under writeback."""
    return implies(folio.in_flight > 0, folio.wb)


@inductive
def pending_is_what_is_in_flight(folio: CountedFolio) -> bool:
    """write_bytes_pending counts the unfinished bytes, and the bias while a pass holds it."""
    return folio.pending == folio.in_flight + (1 if folio.building else 0)


@inductive
def writeback_has_a_reason(folio: CountedFolio) -> bool:
    """Writeback lasts while something is pending, and until its end; it begins after the bias."""
    return folio.wb == (folio.in_flight > 0 or folio.ending) or folio.building


@inductive
def the_end_comes_last(folio: CountedFolio) -> bool:
    """Who ends writeback does so with nothing pending and no pass at work."""
    return implies(folio.ending, folio.wb and folio.pending == 0 and not folio.building)


@inductive
def counted_as(folio: Folio) -> bool:
    """A folio's flag and count are those of the small system, where at least what its I/O carries is in flight."""
    carried = sum(
        sum(BLOCK_SIZE for b in range(0, BLOCKS) if bio_covers(io.io_offset, io.bi_blocks, number(folio) * BLOCKS + b))
        for io in each(Ioend)
        if io.state in (IO_BUILT, IO_SUBMITTED, IO_LISTED)
    )
    same = counted.wb == folio.writeback and counted.pending == folio.write_bytes_pending
    return same and counted.in_flight >= carried


writeback_lasts = induction(
    "write_bytes_pending and PG_writeback: writeback ends with the last byte, and not before.",
    worker("bias", counted_bias),
    worker("start", counted_start),
    worker("add", counted_add),
    worker("finish", counted_finish),
    interrupt("complete", counted_complete),
    interrupt("end", counted_end),
    claim=io_is_under_writeback,
    helped_by=(
        pending_is_what_is_in_flight,
        writeback_has_a_reason,
        the_end_comes_last,
    ),
    assumes="one folio of several blocks, so that it has a count",
    seen_as=counted_as,
    compared_with=((append_flush, 2), (two_mappings, 3), (any_sizes, 2)),
    within=2,  # raising the count and setting the flag are one step of the model
)


@pure("fs/iomap/buffered-io.c")
def no_bias() -> any_count:
    """Nothing."""
    return 0


unbiased_pending = variant(
    "No bias on write_bytes_pending, in the proof by induction.",
    override(writeback_bias, by=no_bias),
    of=iomap,
)

# ------------------------------------------------------- the clamp and the on-disk size


class SizedFile(Struct):
    """The sizes of a file.  The I/O that recorded the on-disk size carried data up to `backed`."""

    i_size = Range(0, LARGEST - REAL_BLOCK, "i_size")
    highest = Range(0, LARGEST - REAL_BLOCK, "greatest i_size so far")
    di_size = Range(0, LARGEST, "i_disk_size")
    recorded = Flag("an I/O has recorded the on-disk size")
    backed = Ghost(Range(0, LARGEST, "the I/O that recorded the size carried data up to"))


class SizedIo(Struct, count=2):
    """An I/O on its way."""

    under_way = Flag("under way")
    io_end = Range(0, LARGEST, "io_offset + io_size")
    carries = Ghost(Range(0, LARGEST, "carries data of the file up to"))


sized = SizedFile[0]


@kernel("fs/iomap/buffered-io.c")
def sized_resize():
    """A write or a truncate gives the file any size."""
    with atomic("one step of the small system"):
        sized.i_size = choose(range(0, LARGEST - REAL_BLOCK + 1))
        sized.highest = max(sized.highest, sized.i_size)


@kernel("fs/iomap/buffered-io.c")
def sized_write_back(io: SizedIo):
    """iomap_add_to_ioend(): blocks up to some place; end_pos is no greater than i_size has ever been."""
    with atomic("one step of the small system"):
        end_pos = choose(range(0, LARGEST - REAL_BLOCK + 1))
        blocks = choose(range(0, LARGEST // REAL_BLOCK))
        if end_pos <= sized.highest:
            io.under_way = True
            io.carries = min(blocks * REAL_BLOCK, end_pos)
            io.io_end = clamp_end(blocks * REAL_BLOCK, end_pos)


@pure("fs/iomap/buffered-io.c")
def clamp_end(end: any_size, end_pos: any_size) -> any_size:
    """The end of an I/O, clamped to EOF."""
    return min(end, end_pos)


@pure("fs/iomap/buffered-io.c")
def end_as_it_is(end: any_size, end_pos: any_size) -> any_size:
    """The end of an I/O, in whole blocks."""
    return end


@kernel("fs/xfs/xfs_aops.c")
def sized_record(io: SizedIo):
    """xfs_setfilesize(): the on-disk size follows an I/O whose data is on the device, up to i_size."""
    with atomic("one step of the small system"):
        wait_until(io.under_way)
        size = min(io.io_end, sized.i_size)
        if size > sized.di_size:
            sized.di_size = size
            sized.recorded = True
            sized.backed = io.carries


@kernel("fs/xfs/xfs_aops.c")
def sized_end(io: SizedIo):
    """The I/O is over."""
    with atomic("one step of the small system"):
        io.under_way = False
        io.carries = 0
        io.io_end = 0


@kernel("fs/xfs/xfs_iops.c")
def sized_truncate():
    """Truncate gives the file any on-disk size, and no I/O has recorded it."""
    with atomic("one step of the small system"):
        sized.di_size = choose(range(0, LARGEST - REAL_BLOCK + 1))
        sized.recorded = False
        sized.backed = sized.di_size


@inductive
def disk_size_is_backed(file: SizedFile) -> bool:
    """The on-disk size is no greater than what the I/O that recorded it carried."""
    return file.di_size <= file.backed


@inductive
def io_ends_where_its_data_ends(io: SizedIo) -> bool:
    """An I/O's size does not reach beyond the data that it carries."""
    return io.io_end <= io.carries


@inductive
def sized_as(inode: Inode) -> bool:
    """Sizes and I/Os are those of the small system; up to `backed` the device has what the I/O carried."""
    same = sized.i_size == inode.i_size and sized.di_size == inode.i_disk_size
    recorded = sized.recorded == (inode.sized_from < inode.i_disk_size)
    ios = all(
        SizedIo[number(io)].under_way == (io.state != IO_FREE)
        and implies(io.state != IO_FREE, SizedIo[number(io)].io_end == io.io_offset + io.io_size)
        for io in each(Ioend)
    )
    carried = all(
        implies(
            inode.sized_from <= number(cell) < sized.backed and cell.logical == DATA and not cell.filled,
            Block[number(cell) // CELLS].extent == IOMAP_MAPPED and cell.volatile in (OLD, NEW),
        )
        for cell in each(Cell)
    )
    return same and recorded and ios and carried


clamp_backs_the_size = induction(
    "The clamp of io_size: the on-disk size never covers what was not written.",
    worker("resize", sized_resize),
    worker("write_back", sized_write_back, per=SizedIo),
    interrupt("record", sized_record, per=SizedIo),
    interrupt("end", sized_end, per=SizedIo),
    worker("truncate", sized_truncate),
    claim=disk_size_is_backed,
    helped_by=(io_ends_where_its_data_ends,),
    assumes="blocks of 4096 bytes, two I/Os at a time, completions in any order",
    seen_as=sized_as,
    compared_with=((append_flush, 2), (any_sizes, 1)),
)

unclamped_size = variant(
    "Do not clamp the end of an I/O, in the proof by induction.",
    override(clamp_end, by=end_as_it_is),
    of=iomap,
)

# ---------------------------------------------------------------------- lock order

LOCKS = 4  # i_rwsem, invalidate_lock, PG_locked, ILOCK


class OrderedTask(Struct, count=3):
    """A task: the locks that it holds, by number, and the one that it waits for; 0: none."""

    held = Array(Flag("held"), LOCKS + 1)
    wants = Range(0, LOCKS, "lock waited for")


@primitive()
def waits_for(a: OrderedTask, b: OrderedTask) -> bool:
    """Does a wait for a lock that b holds?"""
    return a.wants > 0 and any(a.wants == lock and b.held[lock] for lock in range(1, LOCKS + 1))


@pure()
def may_wait(lock: any_count, held: any_count) -> bool:
    """May a task that holds one lock wait for another?"""
    return lock > held


@pure()
def may_wait_for_any(lock: any_count, held: any_count) -> bool:
    """For any that it does not hold."""
    return lock != held


@kernel("kernel/locking/mutex.c")
def ordered_ask(task: OrderedTask):
    """Begin to wait for a lock."""
    with atomic("one step of the small system"):
        wait_until(task.wants == 0)
        lock = choose(range(1, LOCKS + 1))
        if all(implies(task.held[one], may_wait(lock, one)) for one in range(1, LOCKS + 1)):
            task.wants = lock


@kernel("kernel/locking/mutex.c")
def ordered_take(task: OrderedTask):
    """Get the lock that nobody holds."""
    with atomic("one step of the small system"):
        wait_until(task.wants > 0 and all(not waits_for(task, other) for other in each(OrderedTask)))
        for lock in range(1, LOCKS + 1):
            task.held[lock] = task.held[lock] or lock == task.wants
        task.wants = 0


@kernel("kernel/locking/mutex.c")
def ordered_release(task: OrderedTask):
    """Give back a lock; they are given back in any order."""
    with atomic("one step of the small system"):
        wait_until(task.wants == 0)
        gone = choose(range(1, LOCKS + 1))
        for lock in range(1, LOCKS + 1):
            task.held[lock] = task.held[lock] and lock != gone


@inductive
def nobody_waits_in_a_circle(a: OrderedTask, b: OrderedTask, c: OrderedTask) -> bool:
    """No one, two or three tasks wait for locks that they hold in a circle."""
    return not (waits_for(a, b) and waits_for(b, c) and waits_for(c, a))


@inductive
def waits_go_upwards(task: OrderedTask) -> bool:
    """A task waits for a higher lock than those that it holds."""
    return all(implies(task.wants > 0 and task.held[lock], task.wants > lock) for lock in range(1, LOCKS + 1))


@inductive
def a_lock_has_one_owner(a: OrderedTask, b: OrderedTask) -> bool:
    """No two tasks hold one lock."""
    return a == b or all(not (a.held[lock] and b.held[lock]) for lock in range(1, LOCKS + 1))


locks_are_ordered = induction(
    "Lock order: whoever takes locks in ascending order never waits in a circle.",
    worker("ask", ordered_ask, per=OrderedTask),
    worker("take", ordered_take, per=OrderedTask),
    worker("release", ordered_release, per=OrderedTask),
    claim=nobody_waits_in_a_circle,
    helped_by=(waits_go_upwards, a_lock_has_one_owner),
    assumes="three tasks and four locks, each held by one task at a time; that a task of the model waits for no "
    "lower lock than it holds is judged at every step of every search (lock_order), not here",
)

unordered_locks = variant(
    "A task may wait for any lock, in the proof by induction.",
    override(may_wait, by=may_wait_for_any),
    of=iomap,
)

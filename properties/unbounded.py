"""One folio, sizes of any value, and any number of operations: small systems for proofs by induction.

Each is what remains of the model if one folio is looked at and all but a few variables are
forgotten.  Its steps are those of the model that change these; whatever the model decides by
other variables may go either way here.
"""

from __future__ import annotations

from checker.lang import Array, Flag, Ghost, Range, Struct, atomic, bug_on, choose, each, implies
from checker.lang import induction, inductive
from checker.lang import interrupt, kernel, override, primitive, pure, variant, wait_until, worker

from model.scenarios import iomap

LARGEST = (1 << 63) - 1
LARGEST_FOLIO = 4096 << 9
REAL_BLOCK = 4096
any_size = Range(0, LARGEST)
any_count = Range(0, (1 << 31) - 1)

# --------------------------------------------------- write_bytes_pending and PG_writeback


class CountedFolio(Struct):
    """A folio with its ifs."""

    wb = Flag("PG_writeback")
    building = Flag("a pass is adding blocks of it")
    pending = Range(0, (1 << 31) - 1, "write_bytes_pending")
    added = Range(0, LARGEST_FOLIO, "bytes that the pass has added")
    in_flight = Range(0, (1 << 31) - 1, "bytes of unfinished I/O")


counted = CountedFolio[0]


@pure("fs/iomap/buffered-io.c")
def writeback_bias() -> any_count:
    """What write_bytes_pending is raised by while blocks are being submitted."""
    return 1


@kernel("fs/iomap/buffered-io.c")
def counted_start():
    """folio_start_writeback(): under the folio lock, when no writeback is under way."""
    with atomic("one step of the small system"):
        wait_until(not counted.wb and not counted.building)
        bug_on(counted.pending != 0)
        counted.pending += writeback_bias()
        counted.wb = True
        counted.building = True
        counted.added = 0


@kernel("fs/iomap/buffered-io.c")
def counted_add():
    """iomap_add_to_ioend(): some more bytes of the folio."""
    with atomic("one step of the small system"):
        wait_until(counted.building and counted.added < LARGEST_FOLIO)
        len = choose(range(1, LARGEST_FOLIO + 1))
        if counted.added + len <= LARGEST_FOLIO:
            counted.added += len
            counted.pending += len
            counted.in_flight += len


@kernel("fs/iomap/buffered-io.c")
def counted_finish():
    """The end of iomap_writepage_map(): the bias goes, and with it perhaps PG_writeback."""
    with atomic("one step of the small system"):
        wait_until(counted.building)
        counted.building = False
        counted.pending -= writeback_bias()
        if counted.pending == 0:
            bug_on(not counted.wb)
            counted.wb = False


@kernel("fs/iomap/buffered-io.c")
def counted_complete():
    """iomap_finish_folio_write(): I/O on some bytes is done."""
    with atomic("one step of the small system"):
        wait_until(counted.in_flight > 0)
        len = choose(range(1, LARGEST_FOLIO + 1))
        if len <= counted.in_flight:
            counted.pending -= len
            counted.in_flight -= len
            if counted.pending == 0:
                bug_on(not counted.wb)
                counted.wb = False


@inductive
def io_is_under_writeback(folio: CountedFolio) -> bool:
    """While I/O on a folio is unfinished, or blocks of it are being added, it is under writeback."""
    return implies(folio.in_flight > 0 or folio.building, folio.wb)


@inductive
def pending_is_what_is_in_flight(folio: CountedFolio) -> bool:
    """write_bytes_pending counts the unfinished bytes, and the bias while blocks are being added."""
    return folio.pending == folio.in_flight + (1 if folio.building else 0)


@inductive
def nothing_is_pending_without_writeback(folio: CountedFolio) -> bool:
    """A folio that is not under writeback has nothing pending."""
    return folio.wb == (folio.pending > 0)


@inductive
def pending_is_no_more_than_the_folio(folio: CountedFolio) -> bool:
    """No more is in flight than a pass has added."""
    return folio.in_flight <= folio.added


writeback_lasts = induction(
    "write_bytes_pending and PG_writeback: writeback ends with the last byte, and not before.",
    worker("start", counted_start),
    worker("add", counted_add),
    worker("finish", counted_finish),
    interrupt("complete", counted_complete),
    claim=io_is_under_writeback,
    helped_by=(
        pending_is_what_is_in_flight,
        nothing_is_pending_without_writeback,
        pending_is_no_more_than_the_folio,
    ),
    assumes="one folio; a pass begins when none is under way (it holds the folio lock and has waited)",
    checked_by="the same statements are searched in the model: writeback_lasts_as_long_as_its_io, "
    "pending_bytes_cover_the_io, no_bytes_pending_without_writeback",
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
    """The sizes of a file; the bytes below `backed` are on the device."""

    i_size = Range(0, LARGEST - REAL_BLOCK, "i_size")
    di_size = Range(0, LARGEST, "i_disk_size")
    backed = Ghost(Range(0, LARGEST, "data is on the device up to"))


class SizedIo(Struct, count=2):
    """An I/O at the end of the file."""

    under_way = Flag("under way")
    io_end = Range(0, LARGEST, "io_offset + io_size")
    carries = Ghost(Range(0, LARGEST, "carries data up to"))


sized = SizedFile[0]


@kernel("fs/iomap/buffered-io.c")
def sized_append():
    """A write that ends anywhere behind EOF."""
    with atomic("one step of the small system"):
        wait_until(sized.i_size < LARGEST - REAL_BLOCK)
        end = choose(range(1, LARGEST - REAL_BLOCK + 1))
        if end > sized.i_size:
            sized.i_size = end


@kernel("fs/iomap/buffered-io.c")
def sized_write_back(io: SizedIo):
    """iomap_writepage_handle_eof() and iomap_add_to_ioend(): an I/O of whole blocks up to EOF."""
    with atomic("one step of the small system"):
        wait_until(not io.under_way and sized.i_size > 0)
        end_pos = sized.i_size
        rounded = (end_pos + REAL_BLOCK - 1) // REAL_BLOCK * REAL_BLOCK
        io.under_way = True
        io.carries = end_pos
        io.io_end = clamp_end(rounded, end_pos)


@pure("fs/iomap/buffered-io.c")
def clamp_end(end: any_size, end_pos: any_size) -> any_size:
    """The end of an I/O, clamped to EOF."""
    return min(end, end_pos)


@pure("fs/iomap/buffered-io.c")
def end_as_it_is(end: any_size, end_pos: any_size) -> any_size:
    """The end of an I/O, in whole blocks."""
    return end


@kernel("fs/xfs/xfs_aops.c")
def sized_complete(io: SizedIo):
    """xfs_end_ioend(): the data is on the device, and the on-disk size follows, up to i_size."""
    with atomic("one step of the small system"):
        wait_until(io.under_way)
        io.under_way = False
        sized.backed = max(sized.backed, io.carries)
        sized.di_size = max(sized.di_size, min(io.io_end, sized.i_size))
        io.carries = 0
        io.io_end = 0


@kernel("fs/xfs/xfs_iops.c")
def sized_truncate():
    """Truncate down: it waits for all writeback behind the new size."""
    with atomic("one step of the small system"):
        wait_until(all(not io.under_way for io in each(SizedIo)))
        size = choose(range(0, LARGEST - REAL_BLOCK + 1))
        if size <= sized.i_size:
            sized.i_size = size
            sized.di_size = min(sized.di_size, size)
            sized.backed = min(sized.backed, size)


@inductive
def disk_size_is_backed(file: SizedFile) -> bool:
    """Every byte below the on-disk size is on the device, and the size is no greater than i_size."""
    return file.di_size <= file.backed and file.di_size <= file.i_size


@inductive
def io_ends_where_its_data_ends(io: SizedIo) -> bool:
    """An I/O's size does not reach beyond the data that it carries."""
    return io.io_end <= io.carries


clamp_backs_the_size = induction(
    "The clamp of io_size: the on-disk size never covers what was not written.",
    worker("append", sized_append),
    worker("write_back", sized_write_back, per=SizedIo),
    interrupt("complete", sized_complete, per=SizedIo),
    worker("truncate", sized_truncate),
    claim=disk_size_is_backed,
    helped_by=(io_ends_where_its_data_ends,),
    assumes="one dirty run at the end of the file, blocks of 4096 bytes, two I/Os at a time, completions in any order; "
    "truncate finds no I/O under way",
    checked_by="the same statements are searched in the model: recorded_size_is_backed, disk_size_stays_below_i_size, "
    "io_size_ends_at_eof; the clamp and xfs_new_eof() are theorems",
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
    assumes="three tasks and four locks, each held by one task at a time",
    checked_by="lock_order is judged at every step of every search: no task of the model waits for a lower lock",
)

unordered_locks = variant(
    "A task may wait for any lock, in the proof by induction.",
    override(may_wait, by=may_wait_for_any),
    of=iomap,
)

"""The core of buffered append, writeback, truncate and I/O completion, step for step as a Promela model of it.

A file has F folios of B blocks of K cells.  Writers append, a flusher and fsync write
folios back through ioends, a truncate cuts the file, the device completes in any order.
One statement that touches shared state is one step of the Promela model, so that SPIN
counts the same states: see `tests/writeback_counts.py`.  BUG_... seeds an error.
"""

from checker.lang import Array, Field, Flag, Lock, Range, Record, Ref, Struct, acquire, atomic, bug_on, choose, constant
from checker.lang import each, enum, implies, invariant, number, primitive, process, pure, release, scenario, wait_until
from checker.lang import worker

F = constant(2, "folios of the file")
B = constant(2, "blocks in a folio")
K = constant(4, "cells in a block")
W = constant(1, "writers")
WOPS = constant(2, "appends of each writer")
FLOPS = constant(1, "passes of the flusher")
FSOPS = constant(1, "fsyncs")
TROPS = constant(1, "truncates")
NI = constant(2, "ioends")
MAXB = constant(3, "blocks that fit in an ioend")
LEN_A = constant(3, "cells of an append")
LEN_B = constant(13, "or so many; 0: always LEN_A")
CUT_A = constant(5, "size after a truncate")
CUT_B = constant(9, "or this one; 0: always CUT_A")
STABLE = constant(0, "1: a writer waits for writeback of its folio")
STRICT = constant(0, "1: judge size_strict as well")
BUG_CLAMP = constant(0, "1: the size of an ioend is not clamped to the end of the file")
BUG_BIAS = constant(0, "1: pending I/O has no bias while blocks are submitted")
BUG_WRAP = constant(0, "1: the flusher wraps to folio 0 with its ioend unsubmitted")
BUG_ISIZE = constant(0, "1: completion records the in-core size")

FC = B * K
BLOCKS = F * B
CELLS = F * B * K
Size = Range(0, CELLS)
Index = Range(0, F)
BlockIndex = Range(0, BLOCKS)
Stage = enum("Stage", "FREE BUILD SUBMITTED WRITTEN SIZED ENDING")
FREE, BUILD, SUBMITTED, WRITTEN, SIZED, ENDING = Stage


class File(Struct):
    """The inode."""

    isize = Field(Size, "in-core size")
    dsize = Field(Size, "on-disk size")
    ilock = Lock("i_rwsem")


class Folio(Struct, count=F):
    """A folio, known by its index."""

    lock = Lock("PG_locked")
    dirty = Flag("PG_dirty")
    towrite = Flag("TOWRITE tag")
    wb = Flag("PG_writeback")
    pend = Range(0, FC + 1, "write_bytes_pending")


class Block(Struct, count=BLOCKS):
    """A block of the page cache."""

    dirty = Flag("dirty bit")


class Cell(Struct, count=CELLS):
    """A byte, so to speak."""

    mem = Flag("current data in the page cache")
    disk = Flag("current data on disk")


class Ioend(Struct, count=NI):
    """An I/O."""

    stage = Field(Stage, "where it is", init=FREE)
    off = Field(Size, "first cell")
    size = Field(Size, "cells")
    blks = Array(Flag("its blocks"), BLOCKS)


class Wpc(Record):
    """What a writeback pass carries from folio to folio."""

    io = Ref(Ioend, "the ioend being built")


file = File[0]


@primitive()
def inode_lock():
    """Wait for the inode lock."""
    acquire(file.ilock)


@primitive()
def inode_unlock():
    """Give the inode lock back."""
    release(file.ilock)


@primitive()
def folio_lock(folio: Folio):
    """Wait for a folio lock."""
    acquire(folio.lock)


@primitive()
def folio_unlock(folio: Folio):
    """Give a folio lock back."""
    release(folio.lock)


# ------------------------------------------------------------ append, truncate


def append():
    """Append LEN_A or LEN_B cells, folio by folio."""
    with atomic("lock, then read the size that nobody else may change"):
        inode_lock()
        second = choose(range(0, 1 + min(LEN_B, 1)))
        pos: Size = file.isize
        upto: Size = min(pos + (LEN_A if second == 0 else LEN_B), CELLS)
    while pos < upto:
        stop: Size = min(upto, (pos // FC + 1) * FC)
        folio_lock(Folio[pos // FC])
        with atomic("the copy"):
            wait_until(STABLE == 0 or not Folio[pos // FC].wb)
            for cell in each(Cell):
                if pos <= number(cell) < stop:
                    cell.mem = True
        with atomic("set dirty"):
            for block in each(Block):
                if pos < (number(block) + 1) * K and number(block) * K < stop:
                    block.dirty = True
            Folio[pos // FC].dirty = True
        file.isize = stop
        folio_unlock(Folio[pos // FC])
        pos = stop
    inode_unlock()


def truncate():
    """Cut the file to CUT_A or CUT_B cells, if it is longer."""
    with atomic("lock, then read the size that nobody else may change"):
        inode_lock()
        second = choose(range(0, 1 + min(CUT_B, 1)))
        cut: Size = min(CUT_A if second == 0 else CUT_B, file.isize)
    index: Index = cut // FC
    file.isize = cut
    while index < F:
        folio_lock(Folio[index])
        with atomic("drop the folio or zero its tail"):
            wait_until(not Folio[index].wb)
            drop_cells(Folio[index], cut)
        folio_unlock(Folio[index])
        index += 1
    with atomic("commit the size"):
        file.dsize = min(file.dsize, cut)
        for cell in each(Cell):
            if number(cell) >= cut:
                cell.disk = False
    inode_unlock()


@primitive()
def drop_cells(folio: Folio, cut: Size):
    """Zero what lies behind the cut; a folio that lies wholly behind is clean."""
    for cell in each(Cell):
        if number(cell) // FC == number(folio) and number(cell) >= cut:
            cell.mem = False
    if number(folio) * FC >= cut:
        folio.dirty = False
        folio.towrite = False
        clear_dirty_blocks(folio)


@primitive()
def clear_dirty_blocks(folio: Folio):
    """Clear the dirty bits of all blocks of a folio."""
    for block in each(Block):
        if number(block) // B == number(folio):
            block.dirty = False


# ------------------------------------------------------------------- writeback


@primitive()
def tag_for_writeback():
    """Mark what is dirty now."""
    for folio in each(Folio):
        if folio.dirty:
            folio.towrite = True


def writeback(sync: bool):
    """One pass over the file: of the flusher, or of fsync (sync)."""
    wpc = Wpc()
    index: Index = 0
    wrap = False
    if sync:
        tag_for_writeback()
    else:
        with atomic("where the last pass ended"):
            index = choose(range(0, F))
            wrap = BUG_WRAP > 0 and index > 0
    done = False
    while not done:
        found = False
        with atomic("look at one folio; behind the last, submit what was built"):
            if index < F:
                found = Folio[index].towrite if sync else Folio[index].dirty
                index += 0 if found else 1
            elif wrap:
                index = 0
                wrap = False
            elif wpc.io is not None:
                wpc.io.stage = SUBMITTED
                wpc.io = None
            else:
                done = True
        if found:
            write_folio(wpc, Folio[index], sync)
            index += 1


def write_folio(wpc: Wpc, folio: Folio, sync: bool):
    """Lock a folio, and write it if it is still dirty and inside the file."""
    folio_lock(folio)
    with atomic("dirty, and not under writeback?"):
        wait_until(not (sync and folio.dirty and folio.wb))
        write = folio.dirty and not folio.wb
        if write:
            folio.dirty = False
    end: Size = 0
    if write:
        with atomic("where does the file end?"):
            write = number(folio) * FC < file.isize
            end = min((number(folio) + 1) * FC, file.isize)
    if write:
        map_blocks(wpc, folio, end)
        folio_unlock(folio)
        with atomic("drop the bias"):
            folio.pend -= 1 - BUG_BIAS
            last = folio.pend == 0
        if last:
            folio.wb = False
    else:
        folio_unlock(folio)


def map_blocks(wpc: Wpc, folio: Folio, end: Size):
    """Begin writeback and put every dirty block below `end` into an ioend."""
    with atomic("begin writeback"):
        folio.pend += 1 - BUG_BIAS
        folio.wb = True
        folio.towrite = False
    block: BlockIndex = number(folio) * B
    more = True
    while more:
        with atomic("map one block"):
            wait_until(not wants_slot(wpc, folio, block, end) or any(io.stage == FREE for io in each(Ioend)))
            more = has_more(folio, block, end)
            if not more:
                clear_dirty_blocks(folio)
            elif not Block[block].dirty:
                block += 1
            elif wpc.io is not None and not can_add(wpc.io, block):
                wpc.io.stage = SUBMITTED
                wpc.io = None
            else:
                add_block(wpc, folio, block, end)
                block += 1


@pure()
def has_more(folio: Folio, block: BlockIndex, end: Size) -> bool:
    """Does `block` belong to the folio, and begin below `end`?"""
    return block < (number(folio) + 1) * B and block * K < end


@primitive()
def wants_slot(wpc: Wpc, folio: Folio, block: BlockIndex, end: Size) -> bool:
    """Does `block` need an ioend when there is none?"""
    return has_more(folio, block, end) and Block[block].dirty and wpc.io is None


@primitive()
def can_add(io: Ioend, block: BlockIndex) -> bool:
    """Is `block` the next one of the ioend, and is there room?"""
    return block * K == io.off + io.size and block - io.off // K < MAXB


@primitive()
def add_block(wpc: Wpc, folio: Folio, block: BlockIndex, end: Size):
    """Add a block to the ioend; begin one in the first free slot if there is none."""
    if wpc.io is None:
        for slot in each(Ioend):
            if wpc.io is None and slot.stage == FREE:
                wpc.io = slot
        wpc.io.stage = BUILD
        wpc.io.off = block * K
    wpc.io.blks[block] = True
    wpc.io.size += K
    if BUG_CLAMP == 0 and wpc.io.off + wpc.io.size > end:
        wpc.io.size = end - wpc.io.off
    folio.pend += K


# ------------------------------------------------------ device and completion


def device(io: Ioend):
    """Transfer a submitted I/O, record the size, then finish folio by folio."""
    with atomic("the transfer"):
        wait_until(io.stage == SUBMITTED)
        for cell in each(Cell):
            if io.blks[number(cell) // K]:
                cell.disk = cell.mem
        io.stage = WRITTEN
    with atomic("record the size"):
        record_size(io)
        io.stage = SIZED
    left = True
    while left:
        first: Folio = None
        with atomic("the pending I/O of the first folio left"):
            first = first_folio(io)
            finish_blocks(io, first)
            left = any(io.blks[b] for b in range(0, BLOCKS))
            ended = first.pend == 0
            if ended:
                io.stage = ENDING
            elif not left:
                free_slot(io)
        if ended:
            with atomic("the last I/O of a folio ends its writeback"):
                first.wb = False
                left = any(io.blks[b] for b in range(0, BLOCKS))
                if left:
                    io.stage = SIZED
                else:
                    free_slot(io)


@primitive()
def record_size(io: Ioend):
    """Raise the on-disk size; of the ioend, keep how much of it the size now covers."""
    end: Size = file.isize if BUG_ISIZE > 0 else min(file.isize, io.off + io.size)
    if end > file.dsize:
        file.dsize = end
        io.size = max(end - io.off, 0)
    else:
        io.size = 0


@primitive()
def first_folio(io: Ioend) -> Folio:
    """The first folio that has a block in the ioend."""
    first: Folio = None
    for folio in each(Folio):
        if first is None and any(io.blks[b] for b in range(0, BLOCKS) if b // B == number(folio)):
            first = folio
    return first


@primitive()
def finish_blocks(io: Ioend, folio: Folio):
    """Take the blocks of a folio out of the ioend and out of the folio's pending count."""
    for b in range(0, BLOCKS):
        if io.blks[b] and b // B == number(folio):
            bug_on(folio.pend < K)
            folio.pend -= K
            io.blks[b] = False


@primitive()
def free_slot(io: Ioend):
    """The ioend is done."""
    io.stage = FREE
    io.off = 0
    io.size = 0


# ------------------------------------------------------------------- processes


def writer():
    """WOPS appends."""
    for _ in range(0, WOPS):
        append()


def flusher():
    """FLOPS passes."""
    for _ in range(0, FLOPS):
        writeback(False)


def fsync():
    """FSOPS passes over what was dirty, each followed by a wait for all writeback."""
    for _ in range(0, FSOPS):
        writeback(True)
        for folio in each(Folio):
            wait_until(not folio.wb)
        with atomic("fsync returns"):
            pass


def truncater():
    """TROPS truncates."""
    for _ in range(0, TROPS):
        truncate()


# ------------------------------------------------------------------ properties


@invariant
def size_honest(io: Ioend):
    """A size that a completion has recorded is backed by data on disk, within its own I/O."""
    return implies(
        io.stage in (SIZED, ENDING),
        all(cell.disk for cell in each(Cell) if io.off <= number(cell) < io.off + io.size),
    )


@invariant
def wb_kept(io: Ioend, folio: Folio):
    """A folio with I/O in flight has its writeback bit."""
    return implies(
        io.stage in (SUBMITTED, WRITTEN) and any(io.blks[b] for b in range(0, BLOCKS) if b // B == number(folio)),
        folio.wb,
    )


@invariant
def no_data_lost(cell: Cell):
    """A cell below both sizes is on disk or is going to be written."""
    return implies(
        number(cell) < min(file.dsize, file.isize),
        cell.disk
        or Block[number(cell) // K].dirty
        or any(io.stage in (BUILD, SUBMITTED) and io.blks[number(cell) // K] for io in each(Ioend)),
    )


@invariant
def size_strict(cell: Cell):
    """With STRICT=1: a cell below both sizes is on disk.  The correct model breaks it: I/O completes out of order."""
    return STRICT == 0 or number(cell) >= min(file.dsize, file.isize) or cell.disk


core = scenario(
    "Writers, flusher, fsync, truncate and the device.",
    worker("device", device, per=Ioend),
    process("writer", writer, count=W),
    process("flusher", flusher),
    process("fsync", fsync),
    process("truncater", truncater),
)

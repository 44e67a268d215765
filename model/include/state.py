"""The state that processes share: one file, its page cache, its extents, its I/O and its device.

Sizes are counted in cells.  A cell stands for a run of bytes that no operation cuts, so
the smallest scope has two of them in a block.  Names are the kernel's; where a field is
something else, its comment says what.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Ghost, Lock, Range, Record, Ref, RwLock, Struct, as_c, constant, enum
from checker.lang import measured

# ---------------------------------------------------------------------- scope

FOLIOS = constant(2, "folios of the file")
BLOCKS = constant(2, "filesystem blocks in a folio")
CELLS = constant(2, "cells in a block")
PAGES = constant(1, "pages in a folio: 1, or 2 for large folios")
IOENDS = constant(3, "ioends at a time; no fewer than writeback passes at a time")
OPENERS = constant(1, "open files of the inode; each can be given to fsync")
PAGEVEC_SIZE = constant(31, "folios that a lookup collects at most")
BIO_BLOCKS = constant(255, "blocks that fit in a bio")
STABLE_WRITES = constant(0, "1: the device needs stable pages (AS_STABLE_WRITES)")
SHORT_COPIES = constant(0, "1: a copy from user memory may stop early; 2: or before the first byte")
READ_FAILURES = constant(0, "how often a read from the device may fail")
REFUSALS = constant(0, "1: a folio or a reservation may be refused to a write, which counts as a failure")
FLUSH_FAILURES = constant(0, "1: a flush of the device may fail, which counts as a failure")
REOPENS = constant(0, "1: files are closed and opened again")
UNLOCKED_DIRTYING = constant(0, "1: who sets PG_dirty need not hold the folio lock")
ERRORS = constant(0, "how often an allocation or a write to the device may fail")
MAPPERS = constant(0, "1: a process has the file mapped, shared and writable")
INODE_LISTS = constant(0, "1: the flusher comes only if the inode is dirty and on its lists")
OTHER_FILE = constant(0, "1: another file may get the blocks that this one has freed")
SPARSE_WRITES = constant(0, "1: a write may begin behind EOF")
COUNT_PASSES = constant(0, "1: count the background passes that a dirty folio waits for")

BLOCK_SIZE = as_c(CELLS * 1, "u32")
FOLIO_SIZE = as_c(BLOCKS * CELLS, "ulong")
PAGE_SIZE = as_c(FOLIO_SIZE // PAGES, "ulong")
FILE_SIZE = FOLIOS * FOLIO_SIZE
MAX_LFS_FILESIZE = as_c(FILE_SIZE * 1, "s64")
FILE_BLOCKS = FOLIOS * BLOCKS
FILE_PAGES = FOLIOS * PAGES
LONG_MAX = FILE_PAGES + 1  # of nr_to_write: more pages than any pass can write

loff_t = Range(0, FILE_SIZE, c="s64")
u64 = Range(0, FILE_SIZE, c="u64")
size_t = Range(0, FILE_SIZE, c="ulong")
unsigned_int = Range(0, FILE_SIZE, c="u32")
pgoff_t = Range(0, LONG_MAX, c="ulong")
block_t = Range(0, FILE_BLOCKS, c="u64")
atomic_t = Range(0, FOLIO_SIZE + 1)  # write_bytes_pending: a folio's bytes and the bias
errseq_t = Range(0, ERRORS * 4 + 3)  # 0: no error yet; else twice the count of errors, plus one if seen

failures_t = Range(0, ERRORS)

in_bytes = measured(cells=CELLS, blocks=BLOCKS, pages=PAGES, free="any_sizes")

# --------------------------------------------------------------- enumerations

Errno = enum("Errno", "OK EIO EAGAIN AOP_WRITEPAGE_ACTIVATE ENOMEM")
OK, EIO, EAGAIN, AOP_WRITEPAGE_ACTIVATE, ENOMEM = Errno

SyncMode = enum("SyncMode", "WB_SYNC_NONE WB_SYNC_ALL")
WB_SYNC_NONE, WB_SYNC_ALL = SyncMode

InodeDirty = enum("InodeDirty", "I_DIRTY_SYNC I_DIRTY_PAGES")
I_DIRTY_SYNC, I_DIRTY_PAGES = InodeDirty

XaMark = enum("XaMark", "PAGECACHE_TAG_DIRTY PAGECACHE_TAG_TOWRITE PAGECACHE_TAG_WRITEBACK")
PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, PAGECACHE_TAG_WRITEBACK = XaMark

VmFault = enum("VmFault", "VM_FAULT_LOCKED VM_FAULT_NOPAGE VM_FAULT_SIGBUS")
VM_FAULT_LOCKED, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS = VmFault

IomapType = enum("IomapType", "IOMAP_HOLE IOMAP_DELALLOC IOMAP_UNWRITTEN IOMAP_MAPPED")
IOMAP_HOLE, IOMAP_DELALLOC, IOMAP_UNWRITTEN, IOMAP_MAPPED = IomapType

# What a cell of memory or of the device holds: whatever was there before it belonged to the
# file, zero, an overwritten or cut version of the data, or the newest version.
Content = enum("Content", "STALE ZERO OLD NEW")
STALE, ZERO, OLD, NEW = Content

# What a cell of the file ought to hold: zero, data, or nothing in particular, because writing it
# has failed, because a truncate is on its way, or because a store through a mapping has raced
# with a system call that moves EOF over the cell.
Logical = enum("Logical", "HOLE DATA UNDEFINED RACED")
HOLE, DATA, UNDEFINED, RACED = Logical

# The life of an ioend: free slot, being built by a writeback pass, with the device, done by
# the device, waiting on i_ioend_list.
IoendState = enum("IoendState", "IO_FREE IO_BUILT IO_SUBMITTED IO_DONE IO_LISTED")
IO_FREE, IO_BUILT, IO_SUBMITTED, IO_DONE, IO_LISTED = IoendState

EndIo = enum("EndIo", "IOMAP_WRITEPAGE_END_BIO XFS_END_BIO")
IOMAP_WRITEPAGE_END_BIO, XFS_END_BIO = EndIo


# -------------------------------------------------------------------- structs


class Inode(Struct):
    """struct inode, and what XFS adds to it in struct xfs_inode."""

    i_rwsem = RwLock("i_rwsem")
    i_lock = RwLock("ILOCK")
    i_size = Field(loff_t, "i_size", write_guard=i_rwsem)
    i_disk_size = Field(loff_t, "i_disk_size", write_guard=i_lock)
    i_state_lock = Lock("inode->i_lock")  # the spinlock; ILOCK is i_lock here
    i_dirty_sync = Flag("I_DIRTY_SYNC", write_guard=i_state_lock)
    i_dirty_pages = Flag("I_DIRTY_PAGES", write_guard=i_state_lock)
    i_sync = Flag("I_SYNC", write_guard=i_state_lock)
    i_io_list = Flag("on b_dirty or b_io", write_guard=i_state_lock)
    # i_disk_size was recorded by an I/O from here up to i_disk_size; by nobody, if equal.
    sized_from = Ghost(Field(loff_t, "recorded by I/O from"))
    grown_by_nothing = Ghost(Flag("i_size has grown, and nothing was written"))
    settled = Ghost(Field(loff_t, "i_size that is settled"))  # while i_rwsem is held
    unsynced = Ghost(Flag("not written by sync(2)"))
    untold = Ghost(Flag("a failure that a flush did not tell"))
    cached_still = Ghost(Flag("cached after invalidation"))
    changed = Ghost(Flag("changed, and not written"))  # by ->write_inode


class AddressSpace(Struct):
    """struct address_space; the marks of i_pages are fields of Folio."""

    invalidate_lock = RwLock("invalidate_lock")
    writeback_index = Field(pgoff_t, "writeback_index")
    wb_err = Field(errseq_t, "wb_err")
    eio = Flag("AS_EIO")
    unseen = Ghost(Flag("an error that nobody has been told"))
    failures_left = Field(Range(0, ERRORS), "failures still to come", init=ERRORS)
    read_failures_left = Field(Range(0, READ_FAILURES), "reads still to fail", init=READ_FAILURES)


class Folio(Struct, count=FOLIOS):
    """struct folio with its struct iomap_folio_state; its number times PAGES is its index.

    A folio that is removed and one that is added later at the same index are one object.
    """

    locked = Lock("PG_locked")
    mapping = Flag("mapping", write_guard=locked)
    uptodate = Flag("PG_uptodate", write_guard=locked)
    # MAPPERS: the lock of a page table will do; UNLOCKED_DIRTYING: no lock is needed to set it.
    dirty = Flag("PG_dirty", write_guard=locked, unguarded=MAPPERS + UNLOCKED_DIRTYING)
    writeback = Flag("PG_writeback")
    tag_dirty = Flag("PAGECACHE_TAG_DIRTY")
    tag_towrite = Flag("PAGECACHE_TAG_TOWRITE")
    tag_writeback = Flag("PAGECACHE_TAG_WRITEBACK")
    private = Flag("PG_private", write_guard=locked)  # there is an ifs, or buffer heads, or what else a filesystem keeps
    ifs_uptodate = Array(Flag("ifs uptodate", guard=locked), BLOCKS)
    ifs_dirty = Array(Flag("ifs dirty", guard=locked, unguarded=MAPPERS), BLOCKS)
    write_bytes_pending = Field(atomic_t, "write_bytes_pending")
    data = Array(Field(Content, "data", init=STALE, write_guard=locked, unguarded=MAPPERS), FOLIO_SIZE)
    disturbed = Ghost(Flag("written to under I/O"))
    # Taken by a data-integrity pass although it became dirty after the pass began.
    unasked = Ghost(Flag("unasked"))
    # Background passes that have begun since it was dirtied, and none has come to it.
    passes = Ghost(Range(0, COUNT_PASSES * (FOLIOS + 2), "passes"))


class Pte(Struct, count=FILE_PAGES):
    """The page-table entry of a page, in the process that has the file mapped.

    A section under the lock of the page table is one step.  The CPU sets `dirty` without it.
    """

    present = Flag("pte present")
    write = Flag("pte write")
    dirty = Flag("pte dirty")


class Block(Struct, count=FILE_BLOCKS):
    """A block of the file: its extent in the data fork, and the extent that the log would recover.

    The device has one place for each block of the file, so its number is its address too.
    """

    extent = Field(IomapType, "extent", init=IOMAP_HOLE, write_guard=Inode.i_lock)
    logged = Field(IomapType, "logged extent", init=IOMAP_HOLE)
    other = Flag("of another file")  # the place of the block belongs to another file
    other_logged = Flag("of another file, logged")


class Cell(Struct, count=FILE_SIZE):
    """A cell of the file: what the device holds of it, in its volatile cache and durably."""

    volatile = Field(Content, "volatile", init=STALE)
    durable = Field(Content, "durable", init=STALE)
    logical = Ghost(Field(Logical, "logical", init=HOLE))
    filled = Ghost(Flag("filled"))  # was inside the file before it was data
    promised = Ghost(Flag("promised"))  # an fsync that covered this version has returned 0


class Log(Struct):
    """The XFS log: what recovery would find; extents are in Block."""

    di_size = Field(loff_t, "di_size")


class Ioend(Struct, count=IOENDS):
    """struct iomap_ioend with its bio.  Only its owner touches it: pass, device, completion."""

    state = Field(IoendState, "state", init=IO_FREE)
    io_offset = Field(loff_t, "io_offset")
    io_size = Field(loff_t, "io_size")
    io_type = Field(IomapType, "io_type", init=IOMAP_HOLE)
    bi_blocks = Field(block_t, "bi_blocks")  # blocks in the bio, from the one at io_offset on
    bi_end_io = Field(EndIo, "bi_end_io", init=IOMAP_WRITEPAGE_END_BIO)
    bi_status = Field(Errno, "bi_status", init=OK)


class File(Struct, count=OPENERS):
    """struct file: what fsync is called on."""

    f_wb_err = Field(errseq_t, "f_wb_err")
    covered = Ghost(Array(Flag("covered"), FILE_SIZE))  # cells that the running fsync has to make durable
    owed = Ghost(Flag("owed an error"))  # a write has failed, and this file has not been told
    owed_now = Ghost(Flag("owed an error by this fsync"))  # a write that the running fsync covers
    missed = Ghost(Flag("missed an error"))  # fsync returned 0 and should not have
    told_twice = Ghost(Flag("told twice"))  # fsync returned an error that was no news


class Task(Struct, count=OPENERS + 2):
    """The part of a task's stack that others change: is the mapping of extents that it holds
    still the inode's?  In the kernel it remembers if_seq and compares.

    Number 0 is whoever holds i_rwsem, 1 is the flusher, 2 and on call fsync.
    """

    imap_valid = Flag("if_seq unchanged")
    in_pass = Ghost(Flag("in a data-integrity pass"))
    snapshot = Ghost(Array(Flag("snapshot"), FOLIOS))  # the folios that this pass is asked for
    unsubmitted = Ghost(Range(0, FOLIOS, "unsubmitted up to folio"))  # behind the last folio of its ioend
    out_of_order = Ghost(Flag("out of order"))  # has locked a folio below that


inode = Inode[0]
mapping = AddressSpace[0]
log = Log[0]


# ------------------------------------------------------------------- records


class WritebackControl(Record):
    """struct writeback_control; fbatch[i]: folio i is in the batch."""

    sync_mode = Field(SyncMode, init=WB_SYNC_NONE)
    nr_to_write = Range(-1 - PAGES, LONG_MAX)
    range_cyclic = Flag()
    range_start = Field(loff_t)
    range_end = Field(loff_t)
    index = Field(pgoff_t)
    saved_err = Field(Errno, init=OK)
    fbatch = Array(Flag(), FOLIOS)
    current = Ref(Task)


class WritepageCtx(Record):
    """struct iomap_writepage_ctx: the cached mapping and the ioend that is being built."""

    offset = Field(loff_t)
    end = Field(loff_t)
    type = Field(IomapType, init=IOMAP_HOLE)
    ioend = Ref(Ioend)
    current = Ref(Task)


class IomapIter(Record):
    """struct iomap_iter with its struct iomap, and struct iov_iter's count."""

    pos = Field(loff_t)
    len = Field(loff_t)
    count = Field(loff_t)
    processed = Field(loff_t)
    end = Field(loff_t)  # of the mapping; 0: there is none
    type = Field(IomapType, init=IOMAP_HOLE)
    new = Flag()  # IOMAP_F_NEW
    stale = Flag()  # IOMAP_F_STALE
    error = Field(Errno, init=OK)  # of ->iomap_begin, or of a folio that could not be had
    zero = Flag()  # IOMAP_ZERO
    fault = Flag()  # IOMAP_FAULT
    current = Ref(Task)


class IomapReadpageCtx(Record):
    """struct iomap_readpage_ctx: which blocks of a folio are to be read; the others are zeroed."""

    from_disk = Array(Flag(), BLOCKS)


class Bio(Record):
    """What a completion has read of its ioend."""

    io_offset = Field(loff_t)
    io_size = Field(loff_t)
    io_type = Field(IomapType, init=IOMAP_HOLE)
    first = Field(block_t)
    behind = Field(block_t)
    bi_end_io = Field(EndIo, init=IOMAP_WRITEPAGE_END_BIO)
    bi_status = Field(Errno, init=OK)

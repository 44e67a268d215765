"""Single atomic steps, named after the kernel macro or function that each stands for.

One primitive is one locked instruction, one locked region that nobody can look into, or the
wait that ends in one.  Barriers and weak memory are left out: a step is seen by all at once.
"""

from __future__ import annotations

from checker.lang import Place, acquire, acquire_shared, choose, each, is_locked, number, primitive, release
from checker.lang import release_shared, try_acquire

from model.include.size import bio_covers
from model.include.state import BLOCKS, BLOCK_SIZE, DATA, FILE_SIZE, FOLIO_SIZE, HOLE, IO_BUILT, IO_SUBMITTED, MAPPERS
from model.include.state import NEW, OLD, PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, PAGECACHE_TAG_WRITEBACK, RACED
from model.include.state import REFUSALS, SPARSE_WRITES, STABLE_WRITES, UNDEFINED, ZERO, AddressSpace, Cell, File
from model.include.state import Folio, Inode, Ioend, XaMark, atomic_t, inode, loff_t, mapping

# ---------------------------------------------------------------- folio flags


@primitive("mm/filemap.c")
def folio_lock(folio: Folio):
    """Wait for PG_locked."""
    acquire(folio.locked)


@primitive("include/linux/pagemap.h")
def folio_trylock(folio: Folio) -> bool:
    """Take PG_locked if it is free."""
    return try_acquire(folio.locked)


@primitive("mm/filemap.c")
def folio_unlock(folio: Folio):
    """Give PG_locked back."""
    release(folio.locked)


@primitive("include/linux/page-flags.h")
def folio_test_locked(folio: Folio) -> bool:
    """PG_locked."""
    return is_locked(folio.locked)


@primitive("include/linux/page-flags.h")
def folio_test_uptodate(folio: Folio) -> bool:
    """PG_uptodate."""
    return folio.uptodate


@primitive("include/linux/page-flags.h")
def folio_test_dirty(folio: Folio) -> bool:
    """PG_dirty."""
    return folio.dirty


@primitive("include/linux/page-flags.h")
def folio_test_clear_dirty(folio: Folio) -> bool:
    """Clear PG_dirty; was it set?"""
    was_dirty = folio.dirty
    folio.dirty = False
    return was_dirty


@primitive("include/linux/page-flags.h")
def folio_test_writeback(folio: Folio) -> bool:
    """PG_writeback."""
    return folio.writeback


# -------------------------------------------------------------------- marks


@primitive("lib/xarray.c")
def xa_get_mark(folio: Folio, tag: XaMark) -> bool:
    """Is the mark set?"""
    dirty = tag == PAGECACHE_TAG_DIRTY and folio.tag_dirty
    towrite = tag == PAGECACHE_TAG_TOWRITE and folio.tag_towrite
    return dirty or towrite or (tag == PAGECACHE_TAG_WRITEBACK and folio.tag_writeback)


@primitive("include/linux/fs.h")
def mapping_tagged(mapping: AddressSpace, tag: XaMark) -> bool:
    """Does any folio carry the mark?  (It is kept in the root of the tree.)"""
    return any(xa_get_mark(folio, tag) for folio in each(Folio))


# ------------------------------------------------------------------ atomic_t


@primitive("include/linux/atomic.h")
def atomic_read(v: Place) -> atomic_t:
    """The value."""
    return v


@primitive("include/linux/atomic.h")
def atomic_inc(v: Place):
    """Add one."""
    v += 1


@primitive("include/linux/atomic.h")
def atomic_dec(v: Place):
    """Subtract one."""
    v -= 1


@primitive("include/linux/atomic.h")
def atomic_add(i: loff_t, v: Place):
    """Add i."""
    v += i


@primitive("include/linux/atomic.h")
def atomic_sub(i: loff_t, v: Place):
    """Subtract i."""
    v -= i


@primitive("include/linux/atomic.h")
def atomic_dec_and_test(v: Place) -> bool:
    """Subtract one; is it zero now?"""
    v -= 1
    return v == 0


@primitive("include/linux/atomic.h")
def atomic_sub_and_test(i: loff_t, v: Place) -> bool:
    """Subtract i; is it zero now?"""
    v -= i
    return v == 0


# ------------------------------------------------------- inode and mapping locks


@primitive("include/linux/fs.h")
def inode_lock(inode: Inode):
    """Wait for i_rwsem, exclusively."""
    acquire(inode.i_rwsem)
    if MAPPERS > 0:
        inode.settled = inode.i_size


@primitive("include/linux/fs.h")
def inode_unlock(inode: Inode):
    """Give i_rwsem back."""
    release(inode.i_rwsem)
    if MAPPERS > 0:
        inode.settled = 0
        note_races_are_over(inode)


@primitive("include/linux/fs.h")
def filemap_invalidate_lock(mapping: AddressSpace):
    """Wait for invalidate_lock, exclusively."""
    acquire(mapping.invalidate_lock)


@primitive("include/linux/fs.h")
def filemap_invalidate_unlock(mapping: AddressSpace):
    """Give invalidate_lock back."""
    release(mapping.invalidate_lock)


@primitive("include/linux/fs.h")
def filemap_invalidate_lock_shared(mapping: AddressSpace):
    """Wait for invalidate_lock, shared."""
    acquire_shared(mapping.invalidate_lock)


@primitive("include/linux/fs.h")
def filemap_invalidate_unlock_shared(mapping: AddressSpace):
    """Give invalidate_lock back, where it is held shared."""
    release_shared(mapping.invalidate_lock)


@primitive("fs/xfs/xfs_inode.c")
def xfs_ilock_excl(ip: Inode):
    """xfs_ilock(ip, XFS_ILOCK_EXCL)."""
    acquire(ip.i_lock)


@primitive("fs/xfs/xfs_inode.c")
def xfs_iunlock_excl(ip: Inode):
    """xfs_iunlock(ip, XFS_ILOCK_EXCL)."""
    release(ip.i_lock)


@primitive("fs/xfs/xfs_inode.c")
def xfs_ilock_shared(ip: Inode):
    """xfs_ilock(ip, XFS_ILOCK_SHARED).  Each such section is one step, so it may as well be exclusive."""
    acquire(ip.i_lock)


@primitive("fs/xfs/xfs_inode.c")
def xfs_iunlock_shared(ip: Inode):
    """xfs_iunlock(ip, XFS_ILOCK_SHARED)."""
    release(ip.i_lock)


@primitive("include/linux/fs.h")
def i_size_read(inode: Inode) -> loff_t:
    """i_size."""
    return inode.i_size


@primitive("include/linux/fs.h")
def i_size_write(inode: Inode, i_size: loff_t):
    """Set i_size."""
    inode.i_size = i_size


@primitive("fs/xfs/xfs_inode.h")
def READ_ONCE_i_disk_size(ip: Inode) -> loff_t:
    """i_disk_size, without ILOCK."""
    return ip.i_disk_size


# ----------------------------------------------------------- bytes of a folio


@primitive("include/linux/highmem.h")
def folio_zero_segment(folio: Folio, start: loff_t, end: loff_t):
    """Zero the bytes [start, end) of a folio."""
    for k in range(0, FOLIO_SIZE):
        if start <= k < end:
            folio.data[k] = ZERO
    note_memory_written(folio, start, end)


@primitive("lib/iov_iter.c")
def copy_to_folio(folio: Folio, offset: loff_t, copied: loff_t):
    """The copy from user memory: these bytes are newer than any other copy of them.

    Left out: the moments between two bytes.  Who may look meanwhile is the device, and it
    takes each cell before or after; no property speaks of two cells at a time.
    """
    for k in range(0, FOLIO_SIZE):
        if offset <= k < offset + copied:
            folio.data[k] = NEW
    note_memory_written(folio, offset, offset + copied)


# ------------------------------------------------------------------- failures


@primitive()
def refused() -> bool:
    """Is what is asked for refused this time, for lack of memory or space?"""
    fails = False
    if REFUSALS > 0:
        fails = choose(False, True) and mapping.failures_left > 0
    if fails:
        mapping.failures_left -= 1
    return fails


@primitive()
def read_fails() -> bool:
    """Does the device fail to read this time?"""
    fails = choose(False, True) and mapping.read_failures_left > 0
    if fails:
        mapping.read_failures_left -= 1
    return fails


# --------------------------------------------------------------------- ghosts


@primitive()
def note_memory_written(folio: Folio, start: loff_t, end: loff_t):
    """The bytes [start, end) of a folio are written to: is a device that needs stable pages reading them?"""
    if STABLE_WRITES > 0:
        for io in each(Ioend):
            for b in range(0, BLOCKS):
                carried = bio_covers(io.io_offset, io.bi_blocks, number(folio) * BLOCKS + b)
                if io.state in (IO_BUILT, IO_SUBMITTED) and carried:
                    if start < (b + 1) * BLOCK_SIZE and b * BLOCK_SIZE < end:
                        folio.disturbed = True


@primitive()
def note_written(pos: loff_t, end: loff_t):
    """[pos, end) of the file has a new version: what was the newest one elsewhere is now an old one."""
    for cell in each(Cell):
        if pos <= number(cell) < end:
            note_filled(cell)
            cell.logical = RACED if cell.logical == RACED else DATA
            supersede(cell)


@primitive()
def note_store(pos: loff_t):
    """A store through a mapping: data inside the file, nothing behind it; either, if EOF may move over it."""
    inside = pos < inode.i_size
    for cell in each(Cell):
        if number(cell) == pos and (inside or is_locked(inode.i_rwsem)):
            moving = pos >= inode.settled or not inside or cell.logical in (UNDEFINED, RACED)
            raced = is_locked(inode.i_rwsem) and moving
            note_filled(cell)
            cell.logical = RACED if raced else DATA
            supersede(cell)


@primitive()
def note_truncate(pos: loff_t, over: bool):
    """A truncate to or from `pos` begins: what lies behind is undefined; when it is over, it is zero."""
    note_hole(pos, FILE_SIZE, over)


@primitive()
def note_hole(pos: loff_t, end: loff_t, over: bool):
    """[pos, end) is undefined while an operation makes a hole of it; when that is over, it is zero."""
    for cell in each(Cell):
        if pos <= number(cell) < end:
            if cell.logical != RACED:
                cell.logical = HOLE if over else UNDEFINED
            cell.filled = False
            supersede(cell)


@primitive()
def note_filled(cell: Cell):
    """Data comes to a cell; if it was inside the file but not data, the device may rightly hold zero."""
    if MAPPERS + SPARSE_WRITES > 0:
        cell.filled = cell.filled or (cell.logical != DATA and number(cell) < inode.i_size)


@primitive()
def note_races_are_over(inode: Inode):
    """What a store that raced with this system call has left: anything inside the file, nothing outside."""
    for cell in each(Cell):
        if cell.logical == RACED:
            cell.logical = UNDEFINED if number(cell) < inode.i_size else HOLE


@primitive()
def supersede(cell: Cell):
    """No copy of a cell outside the page cache is the newest one, and no promise is about it."""
    if cell.volatile == NEW:
        cell.volatile = OLD
    if cell.durable == NEW:
        cell.durable = OLD
    cell.promised = False
    for file in each(File):
        file.covered[number(cell)] = False

"""Single atomic steps of f2fs: cp_rwsem, pages and their addresses, and the bookkeeping of properties."""

from __future__ import annotations

from checker.lang import acquire, bug_on, each, number, primitive, release, release_shared, try_acquire
from checker.lang import try_acquire_shared, wait_until

from model.include.f2fs import COMPRESS_ADDR, DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_META_GC, F2FS_NO_SPACE, BlockT, Page
from model.include.f2fs import Sbi
from model.include.state import DATA, EIO, FOLIO_SIZE, HOLE, NEW, OK, OLD, PAGES, PAGE_SIZE, STALE, UNDEFINED, ZERO
from model.include.state import Cell
from model.include.state import Errno, File, Folio, inode, loff_t, mapping
from model.mm.filemap import note_told

# --------------------------------------------------------------------- cp_rwsem


@primitive("fs/f2fs/f2fs.h")
def f2fs_lock_op(sbi: Sbi):
    """Take cp_rwsem shared; a checkpoint that waits for it goes first."""
    wait_until(not sbi.cp_wanted)
    taken = try_acquire_shared(sbi.cp_rwsem)
    bug_on(not taken)


@primitive("fs/f2fs/f2fs.h")
def f2fs_trylock_op(sbi: Sbi) -> bool:
    """Take cp_rwsem shared, unless a checkpoint has it or waits for it."""
    if sbi.cp_wanted:
        return False
    return try_acquire_shared(sbi.cp_rwsem)


@primitive("fs/f2fs/f2fs.h")
def f2fs_unlock_op(sbi: Sbi):
    """Give cp_rwsem back."""
    release_shared(sbi.cp_rwsem)


@primitive("kernel/locking/rwsem.c")
def queue_for_cp_rwsem(sbi: Sbi):
    """A checkpoint waits for cp_rwsem: new readers wait behind it."""
    sbi.cp_wanted = True


@primitive("fs/f2fs/f2fs.h")
def f2fs_lock_all(sbi: Sbi):
    """Take cp_rwsem exclusively."""
    acquire(sbi.cp_rwsem)


@primitive("fs/f2fs/f2fs.h")
def f2fs_unlock_all(sbi: Sbi):
    """Give cp_rwsem back to the readers."""
    release(sbi.cp_rwsem)
    sbi.cp_wanted = False


# ------------------------------------------------------------------ other locks


@primitive("kernel/locking/mutex.c")
def lock_writepages(sbi: Sbi):
    """mutex_lock(&sbi->writepages)."""
    acquire(sbi.writepages)


@primitive("kernel/locking/mutex.c")
def unlock_writepages(sbi: Sbi):
    """mutex_unlock(&sbi->writepages)."""
    release(sbi.writepages)


@primitive("fs/f2fs/f2fs.h")
def lock_gc(sbi: Sbi):
    """f2fs_down_write(&sbi->gc_lock)."""
    acquire(sbi.gc_lock)


@primitive("fs/f2fs/f2fs.h")
def unlock_gc(sbi: Sbi):
    """f2fs_up_write(&sbi->gc_lock)."""
    release(sbi.gc_lock)


@primitive("fs/f2fs/f2fs.h")
def lock_i_gc_rwsem(sbi: Sbi):
    """f2fs_down_write(&F2FS_I(inode)->i_gc_rwsem[WRITE]); READ goes with it."""
    acquire(sbi.i_gc_rwsem)


@primitive("fs/f2fs/f2fs.h")
def trylock_i_gc_rwsem(sbi: Sbi) -> bool:
    """f2fs_down_write_trylock(&F2FS_I(inode)->i_gc_rwsem[WRITE]); READ goes with it."""
    return try_acquire(sbi.i_gc_rwsem)


@primitive("fs/f2fs/f2fs.h")
def unlock_i_gc_rwsem(sbi: Sbi):
    """f2fs_up_write(&F2FS_I(inode)->i_gc_rwsem[WRITE])."""
    release(sbi.i_gc_rwsem)


# ------------------------------------------------------------ pages and addresses


@primitive("fs/f2fs/node.c")
def f2fs_data_blkaddr(page: Page) -> BlockT:
    """The address of a page in its dnode."""
    return page.addr


@primitive("fs/f2fs/data.c")
def f2fs_update_data_blkaddr(page: Page, addr: BlockT):
    """Give a page another address, at which the device holds nothing of the file yet.

    What the old address held stays where the node image finds it; the block there is no valid one of its section any more.
    """
    for c in range(0, PAGE_SIZE):
        page.block[c] = STALE
    page.moved = True
    page.victim = False
    page.addr = addr


@primitive("fs/f2fs/node.c")
def f2fs_get_dnode_of_data(fails: bool) -> Errno:
    """Read and lock the dnode of a page; reading it may fail.

    Left out: its lock.  Whoever uses an address holds the lock of the folio too.
    """
    if fails and mapping.failures_left > 0:
        mapping.failures_left -= 1
        return EIO
    return OK


@primitive("fs/f2fs/data.c")
def f2fs_read_pages(folio: Folio):
    """Fill a folio that is not uptodate from the device; what has no block, or is a page behind EOF, is zero.

    A read waits for a copy that is on its way to the block (f2fs_wait_on_block_writeback()): it finds what the copy holds.
    """
    for k in range(0, FOLIO_SIZE):
        page = Page[number(folio) * PAGES + k // PAGE_SIZE]
        header = Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE]
        second = Page[number(header) + min(1, F2FS_CLUSTER_SIZE - 1)]
        mapped = page.addr == DATA_ADDR or header.addr == COMPRESS_ADDR
        inside = number(page) * PAGE_SIZE < inode.i_size
        content = page.block[k % PAGE_SIZE]
        if F2FS_META_GC > 0:
            if page.meta or (page.addr != DATA_ADDR and second.meta):
                content = page.compressed[k % PAGE_SIZE]
        folio.data[k] = content if mapped and inside else ZERO
    folio.uptodate = True


# ------------------------------------------------------------------------ ghosts


@primitive()
def f2fs_supersede(cell: Cell):
    """No copy of a cell outside the page cache is the newest one, and no promise is about it."""
    page = Page[number(cell) // PAGE_SIZE]
    if page.block[number(cell) % PAGE_SIZE] == NEW:
        page.block[number(cell) % PAGE_SIZE] = OLD
    if page.image_block[number(cell) % PAGE_SIZE] == NEW:
        page.image_block[number(cell) % PAGE_SIZE] = OLD
    if page.compressed[number(cell) % PAGE_SIZE] == NEW:
        page.compressed[number(cell) % PAGE_SIZE] = OLD
    cell.promised = False
    for file in each(File):
        file.covered[number(cell)] = False


@primitive()
def f2fs_note_written(pos: loff_t, end: loff_t):
    """[pos, end) of the file has a new version: what was the newest one elsewhere is now an old one."""
    for cell in each(Cell):
        if pos <= number(cell) < end:
            cell.logical = DATA
            f2fs_supersede(cell)


@primitive()
def f2fs_note_write_begins(pos: loff_t, len: loff_t):
    """What is zero in [pos, pos + len) may be data from now on: the device may take it from the page before the write is over."""
    for cell in each(Cell):
        if pos <= number(cell) < pos + len and cell.logical == HOLE:
            cell.logical = UNDEFINED
            cell.promised = False
            for file in each(File):
                file.covered[number(cell)] = False


@primitive()
def f2fs_note_truncate(pos: loff_t, over: bool):
    """A truncate to or from `pos` begins: what lies behind is undefined; when it is over, it is zero."""
    for cell in each(Cell):
        if number(cell) >= pos:
            cell.logical = HOLE if over else UNDEFINED
            f2fs_supersede(cell)


@primitive()
def f2fs_note_punch(page: Page, over: bool):
    """A hole is punched: what the page holds is undefined; when it is over, it is zero."""
    for cell in each(Cell):
        if number(cell) // PAGE_SIZE == number(page):
            cell.logical = HOLE if over else UNDEFINED
            f2fs_supersede(cell)


@primitive()
def f2fs_note_failure(page: Page):
    """Writing a page has failed: what was new is lost; every file is owed the error.

    What an fsync has promised is not new: recovery finds it where it was.
    """
    for file in each(File):
        file.owed = True
    for cell in each(Cell):
        if number(cell) // PAGE_SIZE == number(page) and page.block[number(cell) % PAGE_SIZE] != NEW:
            if cell.logical == DATA and not cell.promised:
                cell.logical = UNDEFINED
            for file in each(File):
                if file.covered[number(cell)]:
                    file.owed_now = True


@primitive()
def f2fs_note_told_so_far(file: File, told: bool):
    """fsync has looked for errors, and is going to ask whether checkpoints have stopped: nothing is missed yet."""
    if told or F2FS_NO_SPACE == 0:
        note_told(file, told)


@primitive()
def f2fs_note_told(file: File, stopped: bool):
    """fsync has asked whether checkpoints have stopped, and says so, whatever else it says."""
    if F2FS_NO_SPACE > 0:
        if file.owed_now and not stopped:
            file.missed = True
        file.owed_now = False


@primitive()
def f2fs_note_budget(sbi: Sbi, differs: bool):
    """A pass is over: did it take off nr_to_write what it wrote?"""
    if differs:
        sbi.miscounted = True

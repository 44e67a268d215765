"""mm/filemap.c: lookups, and the write-and-wait of fsync with its error reporting."""

from __future__ import annotations

from checker.lang import acquire, atomic, each, is_locked, kernel, number, primitive, release

from model.include.primitives import filemap_invalidate_lock_shared, filemap_invalidate_unlock_shared, folio_lock
from model.include.primitives import folio_test_uptodate, folio_test_writeback, folio_unlock, i_size_read
from model.include.primitives import mapping_tagged
from model.include.size import dir_pages_end, folio_pos
from model.include.state import DATA, EIO, FOLIO_SIZE, HOLE, LONG_MAX, OK, PAGECACHE_TAG_DIRTY
from model.include.state import PAGECACHE_TAG_WRITEBACK, PAGE_SIZE, READ_FAILURES, REOPENS, WB_SYNC_ALL, AddressSpace
from model.include.state import Cell
from model.include.state import Errno, File, Folio, SyncMode, Task, WritebackControl, errseq_t, inode, loff_t, mapping
from model.include.state import pgoff_t

# ---------------------------------------------------------------------- lookups


@primitive("mm/filemap.c")
def __filemap_get_folio(mapping: AddressSpace, folio: Folio):
    """The folio at an index, locked; a new one if there is none (FGP_WRITEBEGIN).

    Lookup, lock and the second look at folio->mapping are one step: the step is the one that takes the
    lock.  What a new folio holds is whatever was in the memory.
    """
    acquire(folio.locked)
    folio.mapping = True


@primitive("mm/filemap.c")
def filemap_get_entry(folio: Folio) -> bool:
    """Is there a folio at an index?"""
    return folio.mapping


@kernel("mm/filemap.c")
def filemap_lock_folio(folio: Folio) -> bool:
    """Lock the folio at an index, if there is one."""
    if not filemap_get_entry(folio):
        return False
    with atomic("folio_lock(): its holder looks at folio->mapping again"):
        folio_lock(folio)
        present = filemap_get_entry(folio)
        if not present:
            folio_unlock(folio)
    return present


@primitive("mm/filemap.c")
def __filemap_get_folio_for_mmap(mapping: AddressSpace, folio: Folio):
    """The folio at an index, not locked; a new one if there is none (FGP_FOR_MMAP)."""
    acquire(folio.locked)
    folio.mapping = True
    release(folio.locked)


@primitive("mm/filemap.c")
def filemap_get_uptodate_folio(folio: Folio) -> bool:
    """filemap_get_folio() and folio_test_uptodate(): is there a folio at an index, wholly valid?"""
    return folio.mapping and folio.uptodate


@kernel("mm/filemap.c")
def filemap_release_folio(folio: Folio) -> bool:
    """Drop the private data of a locked folio, if it has any and if that is possible."""
    if not folio.private:
        return True
    if folio_test_writeback(folio):
        return False
    return iomap_release_folio(folio)


@kernel("mm/filemap.c")
def filemap_fault(folio: Folio, index: pgoff_t) -> bool:
    """The folio of a page, uptodate and locked; False: SIGBUS, the page is behind EOF or cannot be read.

    Left out: readahead, mmap_lock (which may be dropped and taken again), memory that cannot be had.
    """
    mapping_locked = False
    error: Errno = OK
    max_idx = dir_pages_end(i_size_read(inode))
    if index >= max_idx:
        return False
    found = filemap_get_uptodate_folio(folio)
    while True:
        if not found and not mapping_locked:
            filemap_invalidate_lock_shared(mapping)
            mapping_locked = True
        if not found:
            __filemap_get_folio_for_mmap(mapping, folio)
        found = False
        if not filemap_lock_folio(folio):
            continue
        uptodate = folio_test_uptodate(folio)
        if uptodate:
            break
        if mapping_locked:
            error = iomap_read_folio(folio)
            if READ_FAILURES > 0:
                if error != OK:
                    break
        else:
            folio_unlock(folio)
    if mapping_locked:
        filemap_invalidate_unlock_shared(mapping)
    if READ_FAILURES > 0:
        if error != OK:
            return False
    max_idx = dir_pages_end(i_size_read(inode))
    if index >= max_idx:
        folio_unlock(folio)
    return index < max_idx


@primitive("mm/filemap.c")
def filemap_range_needs_writeback(mapping: AddressSpace, start: loff_t, end: loff_t) -> bool:
    """Is a folio of the range dirty, locked or under writeback?  A guess without locks, made in one look.

    Nothing is if no folio of the whole file carries DIRTY or WRITEBACK, whoever has locked one.
    """
    marked = any(folio.tag_dirty or folio.tag_writeback for folio in each(Folio))
    return marked and any(
        folio.mapping and (folio.dirty or folio.writeback or is_locked(folio.locked))
        for folio in each(Folio)
        if folio_pos(folio) <= end and folio_pos(folio) + FOLIO_SIZE > start
    )


@primitive("mm/filemap.c")
def mapping_needs_writeback(mapping: AddressSpace) -> bool:
    """Does the page cache hold any folio?"""
    return any(folio.mapping for folio in each(Folio))


# ------------------------------------------------------------------------ errors


@primitive("lib/errseq.c")
def errseq_set(mapping: AddressSpace):
    """Record an error in wb_err: a new count if the last one has been seen."""
    if mapping.wb_err % 2 == 1:
        mapping.wb_err += 1
    if mapping.wb_err == 0:
        mapping.wb_err = 2


@kernel("include/linux/pagemap.h")
def mapping_set_error(mapping: AddressSpace, error: Errno):
    """Record a writeback error for whoever calls fsync.

    Left out: the error state of the superblock.
    """
    if error == OK:
        return
    with atomic("errseq_set(): who reads AS_EIO does not read wb_err"):
        errseq_set(mapping)
        mapping.eio = True
        note_recorded()


@primitive("mm/filemap.c")
def file_check_and_advance_wb_err(file: File) -> Errno:
    """EIO if there was an error since this file was last told; marks it as seen.

    The section of f_lock and the clearing of AS_EIO behind it are one step.  What disappears is an error that is
    recorded between them: a truncate that flushes would not hear of it from filemap_check_errors(); fsync does.
    """
    error: Errno = OK
    if file.f_wb_err != mapping.wb_err:
        if mapping.wb_err % 2 == 0:
            mapping.wb_err += 1
        file.f_wb_err = mapping.wb_err
        error = EIO
    mapping.eio = False
    return error


@primitive("lib/errseq.c")
def filemap_sample_wb_err(mapping: AddressSpace) -> errseq_t:
    """Where a file that is opened now stands: behind the last error, unless nobody has seen that one."""
    return mapping.wb_err if mapping.wb_err % 2 == 1 else 0


@primitive("mm/filemap.c")
def filemap_check_errors(mapping: AddressSpace) -> Errno:
    """Test and clear AS_EIO."""
    error: Errno = EIO if mapping.eio else OK
    mapping.eio = False
    return error


# ---------------------------------------------------------------- write and wait


@kernel("mm/filemap.c")
def filemap_fdatawrite_wbc(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """Start writeback, unless no folio carries DIRTY."""
    tagged = mapping_tagged(mapping, PAGECACHE_TAG_DIRTY)
    note_pass(wbc.current, tagged)
    if not tagged:
        return OK
    return do_writepages(mapping, wbc)


@kernel("mm/filemap.c")
def __filemap_fdatawrite_range(
    current: Task, mapping: AddressSpace, start: loff_t, end: loff_t, sync_mode: SyncMode
) -> Errno:
    """Write back a range, inclusive."""
    wbc = WritebackControl()
    wbc.current = current
    wbc.sync_mode = sync_mode
    wbc.nr_to_write = LONG_MAX
    wbc.range_start = start
    wbc.range_end = end
    return filemap_fdatawrite_wbc(mapping, wbc)


@kernel("mm/filemap.c")
def __filemap_fdatawait_range(mapping: AddressSpace, start: loff_t, end_byte: loff_t):
    """Wait for every folio of a range, inclusive, that is under writeback.

    The batch and index of a writeback_control serve for those of this function.
    """
    batch = WritebackControl()
    batch.index = start // PAGE_SIZE
    end: pgoff_t = end_byte // PAGE_SIZE
    while batch.index <= end:
        filemap_get_folios_tag(mapping, batch, end, PAGECACHE_TAG_WRITEBACK)
        while (folio := folio_batch_next(batch)) is not None:
            folio_wait_writeback(folio)


@kernel("mm/filemap.c")
def filemap_write_and_wait_range(current: Task, mapping: AddressSpace, lstart: loff_t, lend: loff_t) -> Errno:
    """Write back a range, inclusive, and wait for it; errors by AS_EIO."""
    error: Errno = OK
    if lend < lstart:
        return OK
    if mapping_needs_writeback(mapping):
        error = __filemap_fdatawrite_range(current, mapping, lstart, lend, WB_SYNC_ALL)
        if error != EIO:
            __filemap_fdatawait_range(mapping, lstart, lend)
    err2 = filemap_check_errors(mapping)
    note_pass(current, False)
    return err2 if error == OK else error


@kernel("mm/filemap.c")
def file_write_and_wait_range(current: Task, file: File, lstart: loff_t, lend: loff_t) -> Errno:
    """Write back a range, inclusive, and wait for it; errors by the file's errseq."""
    error: Errno = OK
    with atomic("mapping_needs_writeback(): fsync begins"):
        needed = mapping_needs_writeback(mapping)
        note_fsync(file)
    if needed:
        error = __filemap_fdatawrite_range(current, mapping, lstart, lend, WB_SYNC_ALL)
        if error != EIO:
            __filemap_fdatawait_range(mapping, lstart, lend)
    err2 = file_check_and_advance_wb_err(file)
    note_told(file, err2 == EIO or error == EIO)
    note_pass(current, False)
    return err2 if error == OK else error


# ------------------------------------------------------------------------ ghosts


@primitive()
def note_pass(current: Task, begins: bool):
    """A data-integrity pass begins, or is over."""
    current.in_pass = begins
    for folio in each(Folio):
        current.snapshot[number(folio)] = False


@primitive()
def note_fsync(file: File):
    """fsync begins: what the file holds now is what it is about."""
    file.owed_now = file.owed
    for cell in each(Cell):
        file.covered[number(cell)] = number(cell) < inode.i_size and cell.logical in (HOLE, DATA)


@primitive()
def note_recorded():
    """An error is recorded: every open file is to be told."""
    if REOPENS > 0:
        mapping.unseen = True
    for file in each(File):
        file.owed = True


@primitive()
def note_told(file: File, told: bool):
    """fsync has looked for errors."""
    if told:
        if not file.owed:
            file.told_twice = True
        file.owed = False
        if REOPENS > 0:
            mapping.unseen = False
    elif file.owed_now:
        file.missed = True
    file.owed_now = False


@primitive()
def note_opened(file: File):
    """A file is opened: it is owed an error if nobody has been told of it."""
    file.owed = mapping.unseen


@primitive()
def note_fsync_returns(file: File, error: Errno):
    """fsync returns: if 0, what it covers is promised."""
    for cell in each(Cell):
        if error == OK and file.covered[number(cell)] and cell.logical in (HOLE, DATA):
            cell.promised = True
        file.covered[number(cell)] = False


from model.fs.iomap.buffered_io import iomap_release_folio  # noqa: E402
from model.fs.iomap.buffered_io_fault import iomap_read_folio  # noqa: E402
from model.mm.page_writeback import do_writepages, filemap_get_folios_tag, folio_batch_next  # noqa: E402
from model.mm.page_writeback import folio_wait_writeback  # noqa: E402

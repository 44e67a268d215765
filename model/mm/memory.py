"""mm/memory.c: page faults on a shared writable mapping, and the removal of its page-table entries.

Left out of the whole file: mmap_lock, private mappings, read faults (an entry is made writable at once,
and read-only by folio_mkclean()), faults on whole folios, delayed TLB flushes.
"""

from __future__ import annotations

from checker.lang import atomic, each, kernel, number, primitive

from model.include.primitives import folio_unlock, note_memory_written, note_store
from model.include.size import page_folio
from model.include.state import FOLIO_SIZE, NEW, OLD, VM_FAULT_LOCKED, VM_FAULT_NOPAGE, Folio, Pte, inode, loff_t
from model.include.state import pgoff_t

# ----------------------------------------------------------------- the hardware


@primitive()
def cpu_store(pte: Pte, pos: loff_t) -> bool:
    """A store: through a writable entry it changes memory and makes the entry dirty; else it faults.

    What is stored behind EOF is not data of the file: it is like an old version that must not come back.
    """
    if not pte.write:
        return False
    pte.dirty = True
    page_folio(pte).data[pos % FOLIO_SIZE] = NEW if pos < inode.i_size else OLD
    note_memory_written(page_folio(pte), pos % FOLIO_SIZE, pos % FOLIO_SIZE + 1)
    note_store(pos)
    return True


# ------------------------------------------------------------------------ faults


@primitive("include/linux/pgtable.h")
def pte_present(pte: Pte) -> bool:
    """Is the page mapped?"""
    return pte.present


@primitive("mm/memory.c")
def finish_fault(pte: Pte) -> bool:
    """Map a page, writable and dirty, under the lock of the page table; False: somebody has been faster."""
    if pte.present:
        return False
    pte.present = True
    pte.write = True
    pte.dirty = True
    return True


@primitive("mm/memory.c")
def finish_mkwrite_fault(pte: Pte) -> bool:
    """Make an entry writable and dirty, under the lock of the page table; False: it is gone."""
    if not pte.present:
        return False
    pte.write = True
    pte.dirty = True
    return True


@kernel("mm/memory.c")
def fault_dirty_shared_page(folio: Folio):
    """The folio of a new writable entry is dirty, and may be unlocked.

    Left out: balance_dirty_pages_ratelimited().
    """
    with atomic("folio_mark_dirty(): under the folio lock"):
        folio_mark_dirty(folio)
    folio_unlock(folio)


@kernel("mm/memory.c")
def do_shared_fault(pte: Pte) -> bool:
    """A store to a page that is not mapped; False: SIGBUS."""
    folio = page_folio(pte)
    if not filemap_fault(folio, number(pte)):
        return False
    folio_unlock(folio)
    ret = xfs_write_fault(folio)
    if ret != VM_FAULT_LOCKED:
        return ret == VM_FAULT_NOPAGE
    if finish_fault(pte):
        fault_dirty_shared_page(folio)
    else:
        folio_unlock(folio)
    return True


@kernel("mm/memory.c")
def wp_page_shared(pte: Pte) -> bool:
    """A store to a page that is mapped read-only; False: SIGBUS."""
    folio = page_folio(pte)
    ret = xfs_write_fault(folio)
    if ret != VM_FAULT_LOCKED:
        return ret == VM_FAULT_NOPAGE
    if finish_mkwrite_fault(pte):
        fault_dirty_shared_page(folio)
    else:
        folio_unlock(folio)
    return True


@kernel("mm/memory.c")
def handle_pte_fault(pte: Pte) -> bool:
    """A store has faulted; False: it cannot succeed, else the store is tried again, and may fault again."""
    if pte_present(pte):
        return wp_page_shared(pte)
    return do_shared_fault(pte)


# ----------------------------------------------------------------------- removal


@primitive("mm/memory.c")
def zap_pte(pte: Pte):
    """Remove an entry; if it is dirty, its folio is.  One section under the lock of the page table.

    The block bits, PG_dirty and the mark are set in this order, and here in one step.  An entry is dirty
    only while its folio is dirty too, unless write protection is broken, so nobody can look in between.
    """
    if pte.dirty and not page_folio(pte).dirty:
        folio_mark_dirty(page_folio(pte))
    pte.present = False
    pte.write = False
    pte.dirty = False


@kernel("mm/memory.c")
def unmap_mapping_range(start: pgoff_t, end: pgoff_t):
    """Remove the entries of the pages [start, end), one after the other.

    Left out: i_mmap_rwsem, which only those take who come here or to folio_mkclean().
    """
    for i in range(start, end):
        zap_pte(Pte[i])


@kernel("mm/memory.c")
def unmap_mapping_folio(folio: Folio):
    """Remove the entries of a locked folio."""
    for pte in each(Pte):
        if page_folio(pte) == folio:
            zap_pte(pte)


from model.fs.iomap.buffered_io import folio_mark_dirty  # noqa: E402
from model.fs.xfs.xfs_file import xfs_write_fault  # noqa: E402
from model.mm.filemap import filemap_fault  # noqa: E402

"""mm: close page_mkwrite races (v2.6.30).

->page_mkwrite returns with the page unlocked.  Until the fault has made the page-table entry writable and the page
dirty, writeback can clean the page, and truncate can remove it: then the entry maps what is no page of the file.
"""

from __future__ import annotations

from checker.lang import drop, insert_before, kernel, replace, scenario, thread, variant

from model.fs.xfs.xfs_file import xfs_write_fault
from model.include.primitives import folio_lock, folio_unlock
from model.include.state import CELLS, FOLIOS, VM_FAULT_LOCKED, Folio, VmFault
from model.mm.memory import do_shared_fault, fault_dirty_shared_page, wp_page_shared
from model.systems.iomap_xfs.operations import ON_DISK, STORE_A, STORE_B, TRUNCATE_A, TRUNCATE_B
from model.systems.iomap_xfs.operations import store
from model.systems.iomap_xfs.scenarios import MAPPING, iomap
from model.systems.iomap_xfs.scenarios_cache import mmap_truncate

fault_and_truncate = scenario(
    "One block: a store through a mapping, truncate to nothing, and the flusher.",
    thread("mapper", store), like=mmap_truncate,
    scope={FOLIOS: 1, CELLS: 1, ON_DISK: 1, STORE_A: 0, STORE_B: 0, TRUNCATE_A: 0, TRUNCATE_B: 0}, bound=2,
    properties=MAPPING
)  # fmt: skip


@kernel("fs/xfs/xfs_file.c")
def page_mkwrite_unlocked(folio: Folio) -> VmFault:
    """->page_mkwrite as it was: the page is reserved and dirty, and unlocked."""
    ret = xfs_write_fault(folio)
    if ret == VM_FAULT_LOCKED:
        folio_unlock(folio)
    return ret


page_mkwrite_unlocked_window = variant(
    "->page_mkwrite returns with the folio unlocked.",
    replace(xfs_write_fault, by=page_mkwrite_unlocked, inside=do_shared_fault),
    insert_before(fault_dirty_shared_page, folio_lock, inside=do_shared_fault),
    drop(folio_unlock, inside=do_shared_fault, nth=2),
    replace(xfs_write_fault, by=page_mkwrite_unlocked, inside=wp_page_shared),
    insert_before(fault_dirty_shared_page, folio_lock, inside=wp_page_shared),
    drop(folio_unlock, inside=wp_page_shared), of=iomap, undoes="b827e496c893", scenario=fault_and_truncate,
)  # fmt: skip

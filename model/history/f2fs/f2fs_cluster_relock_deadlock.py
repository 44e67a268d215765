"""f2fs: compress: fix potential deadlock of compress file (v5.17).

A cluster that is written raw kept all its pages locked; where a checkpoint was in the way of one page, that page was
unlocked and locked again, with the pages behind it still locked: somebody who locks the cluster from its first page on
holds that one and waits for the next.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, variant

from model.fs.f2fs.compress import CompressCtx, f2fs_write_raw_pages
from model.fs.f2fs.data import f2fs_take_folio, f2fs_write_single_data_page
from model.include.f2fs import F2FS_CLUSTER_SIZE, CachePages
from model.include.primitives import folio_lock, folio_unlock
from model.include.state import EAGAIN, OK, Errno, Folio, WritebackControl
from model.systems.f2fs.scenarios import f2fs, f2fs_cluster_raw


@kernel("fs/f2fs/compress.c")
def write_locked_page(folio: Folio, cp: CachePages, wbc: WritebackControl) -> Errno:
    """Write a page that is locked; after EAGAIN lock it again, and try again."""
    ret: Errno = EAGAIN
    while ret == EAGAIN:
        ret = f2fs_write_single_data_page(folio, cp, wbc, wbc.current, 0)
        if ret == EAGAIN:
            folio_lock(folio)
            if not f2fs_take_folio(wbc, folio):
                folio_unlock(folio)
                return OK
    return ret


@kernel("fs/f2fs/compress.c")
def write_raw_pages_locked(cc: CompressCtx, cp: CachePages, wbc: WritebackControl, submitted: Place) -> Errno:
    """Write the pages of a cluster one by one, all of them locked at the start."""
    ret: Errno = OK
    for slot in range(0, F2FS_CLUSTER_SIZE):
        if cc.rpages[slot]:
            cp.submitted = 0
            ret = write_locked_page(Folio[cc.cluster_idx * F2FS_CLUSTER_SIZE + slot], cp, wbc)
            submitted += cp.submitted
    return ret


f2fs_cluster_relock_deadlock = variant(
    "A raw write keeps all pages of the cluster locked, and locks one of them again after EAGAIN.",
    override(f2fs_write_raw_pages, by=write_raw_pages_locked), of=f2fs, undoes="7377e853967b",
    scenario=f2fs_cluster_raw,
)  # fmt: skip

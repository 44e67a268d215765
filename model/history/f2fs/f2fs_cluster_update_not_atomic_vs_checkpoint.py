"""f2fs: compress: fix to cover normal cluster write with cp_rwsem (v6.9).

The pages of a cluster that is compressed on disk are written raw one by one, each under a cp_rwsem of its own: a checkpoint
in between makes durable a cluster that is neither compressed nor raw.
"""

from __future__ import annotations

from checker.lang import drop, kernel, replace, variant

from model.fs.f2fs.compress import f2fs_write_raw_page, f2fs_write_raw_pages
from model.include.f2fs import CachePages, page_count_t
from model.fs.f2fs.primitives import f2fs_lock_op, f2fs_unlock_op
from model.include.state import Errno, Folio, WritebackControl
from model.systems.f2fs.scenarios import f2fs, f2fs_cluster_raw


@kernel("fs/f2fs/compress.c")
def write_raw_page_alone(folio: Folio, cp: CachePages, wbc: WritebackControl, compr_blocks: page_count_t) -> Errno:
    """A page takes cp_rwsem for itself."""
    return f2fs_write_raw_page(folio, cp, wbc, 0)


f2fs_cluster_update_not_atomic_vs_checkpoint = variant(
    "Each page of a raw write takes cp_rwsem for itself.",
    drop(f2fs_lock_op, inside=f2fs_write_raw_pages), drop(f2fs_unlock_op, inside=f2fs_write_raw_pages),
    replace(f2fs_write_raw_page, by=write_raw_page_alone, inside=f2fs_write_raw_pages), of=f2fs, undoes="fd244524c2cf",
    scenario=f2fs_cluster_raw,
)  # fmt: skip

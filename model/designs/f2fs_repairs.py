"""Repairs of what the model of f2fs in 6.13.1 itself violates."""

from __future__ import annotations

from checker.lang import insert_before, kernel, override, variant

from model.fs.f2fs.checkpoint import f2fs_write_checkpoint, f2fs_write_node
from model.fs.f2fs.data import f2fs_write_entry, f2fs_write_single_data_page
from model.fs.f2fs.file import f2fs_do_sync_file
from model.fs.f2fs.primitives import lock_i_gc_rwsem, unlock_i_gc_rwsem
from model.fs.f2fs.scenarios import f2fs, f2fs_budget, f2fs_gc_moves
from model.fs.f2fs.state import F2FS_CLUSTER_SIZE, CachePages, sbi
from model.mm.filemap import file_write_and_wait_range
from model.state import FILE_SIZE, OK, Errno, File, Task


@kernel("fs/f2fs/data.c")
def forget_submitted(cp: CachePages):
    """submitted = 0, because a page that is not written leaves it as it is."""
    cp.submitted = 0


f2fs_submitted_is_reset = variant(
    "f2fs_write_cache_pages resets `submitted` before each page.",
    insert_before(f2fs_write_single_data_page, forget_submitted, inside=f2fs_write_entry),
    of=f2fs,
    scenario=f2fs_budget,
)


@kernel("fs/f2fs/file.c")
def f2fs_do_sync_file_without_gc(current: Task, file: File) -> Errno:
    """From before the data is waited for until the node is durable, garbage collection moves no page."""
    lock_i_gc_rwsem(sbi)
    ret = file_write_and_wait_range(current, file, 0, FILE_SIZE)
    if ret == OK:
        if F2FS_CLUSTER_SIZE > 1:
            f2fs_write_checkpoint(sbi)
        else:
            f2fs_write_node(sbi)
    unlock_i_gc_rwsem(sbi)
    return ret


f2fs_fsync_excludes_gc = variant(
    "fsync holds i_gc_rwsem from before its wait for data until the node is durable.",
    override(f2fs_do_sync_file, by=f2fs_do_sync_file_without_gc),
    of=f2fs,
    scenario=f2fs_gc_moves,
)

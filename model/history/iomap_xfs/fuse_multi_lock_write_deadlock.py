"""fuse: fix write deadlock (v5.13).

A write-through write locks all its pages, and keeps them locked until the server has answered.  If the user
memory that it copies from is a mapping of a page that it holds, the fault waits for a lock that is not given back
before the write is over.  The repair unlocks each page that has been filled as a whole.
"""

from __future__ import annotations

from checker.lang import each, kernel, override, process, scenario, variant

from model.include.primitives import copy_to_folio, folio_lock, folio_unlock, inode_lock, inode_unlock
from model.include.state import BLOCKS, CELLS, FOLIO_SIZE, Folio, inode, mapping
from model.mm.filemap import __filemap_get_folio
from model.systems.iomap_xfs.operations import ON_DISK, file_on_disk
from model.systems.iomap_xfs.scenarios import LOCK_ORDER, iomap


@kernel("mm/filemap.c")
def fault_in_from_first_folio():
    """fault_in_iov_iter_readable(): the user memory is a mapping of the file's first page."""
    folio_lock(Folio[0])
    folio_unlock(Folio[0])


@kernel("fs/fuse/file.c")
def fuse_fill_write_pages():
    """Copy page by page; a page that is filled is uptodate and is unlocked."""
    for folio in each(Folio):
        fault_in_from_first_folio()
        __filemap_get_folio(mapping, folio)
        copy_to_folio(folio, 0, FOLIO_SIZE)
        folio_unlock(folio)


@kernel("fs/fuse/file.c")
def fuse_fill_and_keep():
    """Copy page by page; all stay locked until the server has answered."""
    for folio in each(Folio):
        fault_in_from_first_folio()
        __filemap_get_folio(mapping, folio)
        copy_to_folio(folio, 0, FOLIO_SIZE)
    for written in each(Folio):
        folio_unlock(written)


def fuse_perform_write():
    """write(2) over the whole file.  Left out: the request to the server, which only takes time here."""
    inode_lock(inode)
    fuse_fill_write_pages()
    inode_unlock(inode)


write_through = scenario(
    "Two folios, and a write-through write whose user memory is a mapping of the first.",
    process("writer", fuse_perform_write), setup=file_on_disk, scope={BLOCKS: 1, CELLS: 1, ON_DISK: 2}, of=iomap,
    lock_order=LOCK_ORDER, properties=("nothing_is_left_behind",),
)  # fmt: skip

fuse_multi_lock_write_deadlock = variant(
    "A write keeps the folios that it has filled locked until all is written.",
    override(fuse_fill_write_pages, by=fuse_fill_and_keep), of=iomap, undoes="4f06dd92b5d0", scenario=write_through,
)  # fmt: skip

"""block/fops.c: the file operations of a block device."""

from __future__ import annotations

from checker.lang import atomic, kernel, number, primitive

from model.block.device import blkdev_issue_flush
from model.fs.buffer import block_commit_write, create_empty_buffers, note_blocks_written
from model.include.buffer_head import GetBlock, folio_buffer, writer_t
from model.include.primitives import folio_unlock
from model.include.state import BLOCKS, FILE_SIZE, NEW, OK, AddressSpace, Errno, File, Folio, Task, WritebackControl
from model.include.state import block_t
from model.include.state import mapping
from model.mm.filemap import __filemap_get_folio, file_write_and_wait_range
from model.mm.page_writeback import write_cache_pages


@kernel("block/fops.c")
def blkdev_writepages(mapping: AddressSpace, wbc: WritebackControl) -> Errno:
    """->writepages.

    Left out: the plug.
    """
    get_block = GetBlock()
    return write_cache_pages(mapping, wbc, get_block)


@primitive("lib/iov_iter.c")
def copy_to_buffers(folio: Folio, first: block_t, end: block_t, by: writer_t):
    """The copy from user memory to blocks [first, end) of the device.

    Left out: the moments between two blocks; no property speaks of two blocks at a time.
    """
    for b in range(0, BLOCKS):
        bh = folio_buffer(folio, b)
        if first <= number(bh) < end:
            bh.b_data = NEW
    note_blocks_written(first, end, by)


@kernel("block/fops.c")
def blkdev_buffered_write(first: block_t, end: block_t, by: writer_t):
    """write(2) of blocks [first, end), which are in one folio.  by: number of the writer, for the ghosts.

    Left out: writes that are no whole blocks, and so read first; O_SYNC, short copies.
    """
    folio: Folio = Folio[first // BLOCKS]
    __filemap_get_folio(mapping, folio)
    with atomic("copy: the folio is locked and has buffers"):
        create_empty_buffers(folio)
        copy_to_buffers(folio, first, end, by)
    block_commit_write(folio, first, end, by)
    folio_unlock(folio)


@kernel("block/fops.c")
def blkdev_fsync(current: Task, file: File) -> Errno:
    """fsync(2) of a device: its page cache, then its volatile cache."""
    error = file_write_and_wait_range(current, file, 0, FILE_SIZE - 1)
    if error != OK:
        return error
    return blkdev_issue_flush()

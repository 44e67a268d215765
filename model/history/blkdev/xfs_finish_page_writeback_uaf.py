"""xfs: open code end_buffer_async_write in xfs_finish_page_writeback.

Completion of a bio walked the buffers of a page and called end_buffer_async_write() for each, which ends writeback of
the page behind the last; and then it went on to the next buffer. By then reclaim may have freed all of them. XFS has
given up buffer heads; here it is the completion of a block device that goes on.
"""

from __future__ import annotations

from checker.lang import insert_after, kernel, variant

from model.fs.buffer import end_buffer_async_write
from model.include.buffer_head import BufferHead, buffer_async_write
from model.mm.page_writeback import folio_end_writeback
from model.systems.blkdev.scenarios import blkdev, blkdev_metadata


@kernel("fs/xfs/xfs_aops.c")
def next_buffer(bh: BufferHead):
    """bh->b_this_page: is there another one to finish?"""
    buffer_async_write(bh)


xfs_finish_page_writeback_uaf = variant(
    "Completion looks at a buffer again after it has ended writeback of the folio.",
    insert_after(folio_end_writeback, next_buffer, inside=end_buffer_async_write), of=blkdev, undoes="8353a814f251",
    scenario=blkdev_metadata,
)  # fmt: skip

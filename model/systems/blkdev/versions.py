"""The block device of newer kernels: the model of 6.13 with what has changed since, as far as it is modelled."""

from __future__ import annotations

from checker.lang import drop, variant

from model.fs.buffer import end_buffer_write_sync, sync_dirty_buffer
from model.include.buffer_head import get_bh, put_bh
from model.systems.blkdev.scenarios import blkdev, blkdev_files, blkdev_synced_metadata

blkdev_no_reference_for_io = variant(
    "I/O of a block holds no reference to its buffer head: BH_Lock alone keeps it, and giving that back is the last that completion does.",
    drop(get_bh, inside=sync_dirty_buffer), drop(put_bh, inside=end_buffer_write_sync), of=blkdev, scenario=blkdev_synced_metadata,
)  # fmt: skip

blkdev_v7_2 = variant(
    "Linux 7.2 and 7.3: the page cache of a block device.", *blkdev_no_reference_for_io.edits, of=blkdev, scenario=blkdev_files,
)  # fmt: skip

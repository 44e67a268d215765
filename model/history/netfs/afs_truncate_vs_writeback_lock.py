"""afs: Fix deadlock between writeback and truncate.

truncate cut the page cache while it held the lock of the file that every call to the server takes, and so waited for
writeback of a folio whose call waited for that lock.
"""

from __future__ import annotations

from checker.lang import swap, variant

from model.mm.truncate import truncate_inode_pages_range
from model.systems.netfs.operations import netfs_truncate, up_write_io_lock
from model.systems.netfs.scenarios import netfs, netfs_truncates

afs_truncate_vs_writeback_lock = variant(
    "truncate cuts the page cache under the lock that calls to the server take.",
    swap(up_write_io_lock, truncate_inode_pages_range, inside=netfs_truncate), of=netfs, undoes="ec0fa0b65914",
    scenario=netfs_truncates,
)  # fmt: skip

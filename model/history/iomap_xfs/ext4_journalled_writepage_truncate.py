"""ext4: fix race between truncate and __ext4_journalled_writepage() (v4.2).

A transaction comes before a page lock, so writepage gives the page lock up, starts the transaction, takes the
lock again, and goes on: with a page that a truncate may have removed meanwhile.  Expressed on
iomap_writepage_map(), behind its look at i_size.  (`no_write_is_lost` finds another fault sooner: while the page
is unlocked it is clean and idle, and an fsync would pass it over.)
"""

from __future__ import annotations

from checker.lang import atomic, insert_before, kernel, variant

from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.history.iomap_xfs.iomap_eof_redirty_storm import truncate_to_nothing
from model.include.primitives import folio_lock, folio_unlock
from model.include.state import Folio
from model.systems.iomap_xfs.scenarios import iomap


@kernel("fs/ext4/inode.c")
def start_transaction_unlocked(folio: Folio):
    """Give up the folio lock, start a transaction, take the lock again; folio->mapping is not looked at."""
    folio_unlock(folio)
    folio_lock(folio)


ext4_journalled_writepage_truncate = variant(
    "Writeback unlocks the folio to start a transaction, and goes on with it unseen.",
    insert_before(atomic, start_transaction_unlocked, inside=iomap_writepage_map, nth=2), of=iomap,
    undoes="bdf96838aea6", scenario=truncate_to_nothing,
)  # fmt: skip

"""ext4: fix stale data if it bail out of the extents mapping loop (v6.17).

Two runs of a folio need blocks.  The first gets them, as written extents of the running transaction; the second
cannot, and writeback gives up without submitting the first.  The transaction commits: the file has a block
that nobody has ever written.  Expressed on the extents of XFS; `ordered_mode` is what ext4 does differently.
"""

from __future__ import annotations

from checker.lang import kernel, override, variant

from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepage_map, iomap_writepages
from model.history.iomap_xfs.ext4_ordered_data_not_waited import EXT4, jbd2_journal_start, jbd2_journal_stop
from model.history.iomap_xfs.ext4_ordered_data_not_waited import journal
from model.include.state import OK, AddressSpace, Errno, Folio, WritebackControl, WritepageCtx
from model.mm.page_writeback import writeback_iter
from model.systems.iomap_xfs.scenarios import iomap


@kernel("fs/ext4/inode.c")
def ext4_do_writepages_bails_out(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """After an error, what has been mapped already is not submitted."""
    folio: Folio = None
    error: Errno = OK
    jbd2_journal_start()
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        error = iomap_writepage_map(wpc, wbc, folio)
    iomap_submit_ioend(wpc, error)
    jbd2_journal_stop()
    return error


ext4_writepages_bail_out_partial_map = variant(
    "As ext4 with data=ordered, but after an error the blocks that are mapped already are not submitted.",
    *EXT4, override(iomap_writepages, by=ext4_do_writepages_bails_out), of=iomap, undoes="ded2d726a304",
    scenario=journal,
)  # fmt: skip

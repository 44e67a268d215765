"""ext4: fix data exposure after a crash (v4.7).

With data=ordered a commit of the journal waits for the data of the blocks that it makes reachable.  Blocks of
delayed allocation were written extents from the moment of their allocation, but nothing made the commit wait.
Expressed on the extents of XFS: what ext4 does differently is the design `ordered_mode`.
"""

from __future__ import annotations

from checker.lang import Range, Struct, atomic, each, insert_after, kernel, number, override, primitive, replace
from checker.lang import scenario, thread, variant, wait_until

from model.block.device import blk_mq_complete_request, transfer
from model.fs.iomap.buffered_io_writeback import iomap_submit_ioend, iomap_writepage_map, iomap_writepages
from model.fs.xfs.libxfs.xfs_bmap import xfs_bmapi_allocate
from model.fs.xfs.xfs_aops import xfs_bmapi_convert_delalloc
from model.fs.xfs.xfs_log import xfs_log_force
from model.include.state import BLOCKS, CELLS, DATA, ERRORS, FILE_SIZE, FOLIOS, IOENDS, IOMAP_MAPPED
from model.include.state import IOMAP_UNWRITTEN, IO_FREE, NEW, OK, AddressSpace, Bio, Block, Cell, Errno, Folio
from model.include.state import Ioend, WritebackControl, WritepageCtx, inode, log
from model.mm.page_writeback import writeback_iter
from model.systems.iomap_xfs.operations import OVERWRITE_LEN, OVERWRITE_POS, background, overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


class Transaction(Struct):
    """transaction_t of jbd2: the running one."""

    t_updates = Range(0, 2, "t_updates")


transaction = Transaction[0]


@primitive("fs/jbd2/transaction.c")
def jbd2_journal_start():
    """A handle is open: the transaction cannot be committed."""
    transaction.t_updates += 1


@primitive("fs/jbd2/transaction.c")
def jbd2_journal_stop():
    """The handle is closed."""
    transaction.t_updates -= 1


@primitive()
def transfer_without_errors(ioend: Ioend, bio: Bio, fails: bool):
    """The device writes what it is given: here only ->map_blocks fails."""
    transfer(ioend, bio, False)


@primitive("fs/ext4/extents.c")
def allocate_as_written():
    """ext4_map_blocks() without EXT4_GET_BLOCKS_IO_SUBMIT: new blocks are written extents at once."""
    for block in each(Block):
        if block.extent == IOMAP_UNWRITTEN:
            block.extent = IOMAP_MAPPED


@kernel("fs/ext4/inode.c")
def ext4_do_writepages(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """Blocks are allocated, and their I/O is submitted, under one handle, also when there is an error.

    Left out: a handle for each extent.
    """
    folio: Folio = None
    error: Errno = OK
    jbd2_journal_start()
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        error = iomap_writepage_map(wpc, wbc, folio)
    iomap_submit_ioend(wpc, OK)
    jbd2_journal_stop()
    return error


@kernel("fs/jbd2/commit.c")
def jbd2_journal_commit_transaction():
    """Wait for the handles, then for the data of the inodes on the ordered list, then write the commit block."""
    journal_wait_updates()
    with atomic("the commit block: data is waited for, and no handle can be opened"):
        wait_until(transaction.t_updates == 0 and all(io.state == IO_FREE for io in each(Ioend)))
        xfs_log_force()


@primitive("fs/jbd2/commit.c")
def journal_wait_updates():
    """Wait until no handle is open."""
    wait_until(transaction.t_updates == 0)


@kernel("fs/jbd2/commit.c")
def commit_without_data():
    """The inode is not on the ordered list: the commit waits for handles only."""
    with atomic("the commit block: no handle can be opened"):
        wait_until(transaction.t_updates == 0)
        xfs_log_force()


@primitive()
def file_of_holes():
    """A file inside whose size every second block is a hole; nothing is cached."""
    inode.i_size = FILE_SIZE
    inode.i_disk_size = FILE_SIZE
    inode.sized_from = FILE_SIZE
    log.di_size = FILE_SIZE
    for block in each(Block):
        if number(block) % 2 == 1:
            block.extent = IOMAP_MAPPED
            block.logged = IOMAP_MAPPED
    for cell in each(Cell):
        if number(cell) // CELLS % 2 == 1:
            cell.volatile = NEW
            cell.durable = NEW
            cell.logical = DATA


journal = scenario(
    "One folio of four blocks, the first and the third of them holes: a writer, the flusher, a commit of the journal.",
    thread("writer", overwrite), thread("flusher", background), thread("journal", jbd2_journal_commit_transaction),
    *COMPLETION, setup=file_of_holes,
    scope={FOLIOS: 1, BLOCKS: 4, CELLS: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 3, ERRORS: 1, IOENDS: 4}, bound=3, of=iomap,
    lock_order=LOCK_ORDER, properties=("no_stale_data_is_exposed",),
)  # fmt: skip

EXT4 = (
    insert_after(xfs_bmapi_allocate, allocate_as_written, inside=xfs_bmapi_convert_delalloc),
    replace(transfer, by=transfer_without_errors, inside=blk_mq_complete_request),
)

ordered_mode = variant(
    "As ext4 with data=ordered: new blocks are written extents, and a commit waits for their data.",
    *EXT4, override(iomap_writepages, by=ext4_do_writepages), of=iomap, scenario=journal,
)  # fmt: skip

ext4_ordered_data_not_waited = variant(
    "As ext4 with data=ordered, but a commit does not wait for the data of newly allocated blocks.",
    *EXT4, override(iomap_writepages, by=ext4_do_writepages),
    override(jbd2_journal_commit_transaction, by=commit_without_data), of=iomap, undoes="06bd3c36a733",
    scenario=journal,
)  # fmt: skip

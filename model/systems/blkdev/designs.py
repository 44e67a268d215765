"""The block device: what keeps buffers, folio and I/O together, and repairs of what 6.13.1 violates."""

from __future__ import annotations

from checker.lang import drop, kernel, override, primitive, replace, variant, warn_on

from model.fs.buffer import __block_write_full_folio, __folio_mark_dirty, drop_buffers, end_buffer_async_write
from model.fs.buffer import folio_has_async_write, folio_redirty_for_writepage, folio_test_set_dirty, mark_buffer_async_write
from model.fs.buffer import mark_buffer_dirty, mark_buffer_write_io_error, note_dirtied, submit_bh, unlock_buffer
from model.include.buffer_head import END_BUFFER_ASYNC_WRITE, BufferHead, JournalHead, bh_folio
from model.include.buffer_head import buffer_dirty, clear_buffer_uptodate, folio_buffer, lock_buffer, put_bh
from model.include.buffer_head import set_buffer_uptodate, test_clear_buffer_dirty, test_set_buffer_dirty, trylock_buffer
from model.include.buffer_head import wait_on_buffer
from model.fs.jbd2.checkpoint import __jbd2_journal_file_buffer, jbd2_journal_forget, jbd2_journal_try_remove_checkpoint
from model.include.primitives import folio_unlock
from model.include.state import BLOCKS, OK, WB_SYNC_NONE, Errno, Folio, WritebackControl, block_t
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback
from model.systems.blkdev.scenarios import blkdev, blkdev_files, blkdev_locked_buffer, blkdev_metadata
from model.systems.blkdev.scenarios import blkdev_metadata_errors
from model.systems.blkdev.scenarios import blkdev_journal_frees, blkdev_two_dirtiers


@kernel("fs/buffer.c")
def write_full_folio_in_one_loop(folio: Folio, wbc: WritebackControl) -> Errno:
    """Each buffer is submitted as soon as it is marked."""
    nr_underway: block_t = 0
    folio_start_writeback(folio)
    for b in range(0, BLOCKS):
        bh: BufferHead = folio_buffer(folio, b)
        if wbc.sync_mode != WB_SYNC_NONE:
            lock_buffer(bh)
        else:
            locked = trylock_buffer(bh)
            if not locked:
                folio_redirty_for_writepage(wbc, folio)
                continue
        if test_clear_buffer_dirty(bh):
            mark_buffer_async_write(bh)
            submit_bh(bh, END_BUFFER_ASYNC_WRITE)
            nr_underway += 1
        else:
            unlock_buffer(bh)
    folio_unlock(folio)
    if nr_underway == 0:
        folio_end_writeback(folio)
    return OK


blkdev_mark_and_submit = variant(
    "BH_Async_Write of a buffer is set just before it is submitted, not of all buffers before the first.",
    override(__block_write_full_folio, by=write_full_folio_in_one_loop), of=blkdev, scenario=blkdev_files,
)  # fmt: skip


@kernel("fs/buffer.c")
def end_buffer_async_write_unlocked(bh: BufferHead, error: Errno):
    """Without b_uptodate_lock: others may run between the end of BH_Async_Write and the look at the other buffers."""
    folio: Folio = bh_folio(bh)
    if error == OK:
        set_buffer_uptodate(bh)
    else:
        mark_buffer_write_io_error(bh)
        clear_buffer_uptodate(bh)
    clear_buffer_async_write(bh)
    unlock_buffer(bh)
    if folio_has_async_write(folio):
        return
    folio_end_writeback(folio)


@primitive("include/linux/buffer_head.h")
def clear_buffer_async_write(bh: BufferHead):
    """Clear BH_Async_Write."""
    bh.async_write = False


blkdev_no_uptodate_lock = variant(
    "Completion looks for other buffers under writeback without b_uptodate_lock.",
    override(end_buffer_async_write, by=end_buffer_async_write_unlocked), of=blkdev, scenario=blkdev_files,
)  # fmt: skip

blkdev_skip_locked_buffers = variant(
    "A background pass passes over a locked buffer and does not dirty the folio again.",
    drop(folio_redirty_for_writepage, inside=__block_write_full_folio), of=blkdev, scenario=blkdev_metadata,
)  # fmt: skip


@kernel("fs/buffer.c")
def mark_buffer_dirty_folio_first(bh: BufferHead):
    """PG_dirty and the mark come first, BH_Dirty last."""
    warn_on(not bh.uptodate)
    if buffer_dirty(bh):
        return
    folio: Folio = bh_folio(bh)
    if not folio_test_set_dirty(folio):
        __folio_mark_dirty(folio)
    if not test_set_buffer_dirty(bh):
        note_dirtied(bh)


blkdev_folio_dirty_first = variant(
    "mark_buffer_dirty() dirties the folio before the buffer.",
    override(mark_buffer_dirty, by=mark_buffer_dirty_folio_first), of=blkdev, scenario=blkdev_metadata,
)  # fmt: skip


@primitive("fs/buffer.c")
def drop_referenced_buffers(folio: Folio) -> bool:
    """Free the buffers of a folio if none is dirty; who else holds them is not asked."""
    busy = False
    for b in range(0, BLOCKS):
        busy = busy or folio_buffer(folio, b).dirty
    if not busy:
        folio.private = False
    return not busy


blkdev_free_busy_buffers = variant(
    "Reclaim frees buffers that are locked or referenced.",
    override(drop_buffers, by=drop_referenced_buffers), of=blkdev, scenario=blkdev_metadata,
)  # fmt: skip

# -------------------------------------------------------------------- repairs


@primitive("mm/page-writeback.c")
def folio_start_writeback_keepwrite(folio: Folio):
    """As folio_start_writeback(), but a folio that is dirty again keeps TOWRITE: a data-integrity pass still has to come."""
    towrite = folio.tag_towrite and folio.dirty
    folio_start_writeback(folio)
    folio.tag_towrite = towrite


blkdev_keep_towrite = variant(
    "A folio that is dirty again when its writeback begins keeps TOWRITE.",
    replace(folio_start_writeback, by=folio_start_writeback_keepwrite, inside=__block_write_full_folio), of=blkdev,
    scenario=blkdev_locked_buffer,
)  # fmt: skip


@kernel("fs/buffer.c")
def mark_buffer_dirty_to_the_mark(bh: BufferHead):
    """Whoever dirties a buffer sees to it that folio and mark are set when it returns, and relies on nobody."""
    warn_on(not bh.uptodate)
    if not test_set_buffer_dirty(bh):
        folio_test_set_dirty(bh_folio(bh))
        __folio_mark_dirty(bh_folio(bh))
        note_dirtied(bh)
    else:
        folio_test_set_dirty(bh_folio(bh))
        __folio_mark_dirty(bh_folio(bh))


blkdev_dirty_to_the_mark = variant(
    "mark_buffer_dirty() sets PG_dirty and the mark even if another one has set BH_Dirty.",
    override(mark_buffer_dirty, by=mark_buffer_dirty_to_the_mark), of=blkdev, scenario=blkdev_two_dirtiers,
)  # fmt: skip

blkdev_has_warned = variant(
    "mark_buffer_dirty() has met a buffer that is not uptodate before: WARN_ON_ONCE() says nothing any more, and goes on.",
    drop(warn_on, inside=mark_buffer_dirty), of=blkdev, scenario=blkdev_metadata_errors,
)  # fmt: skip

blkdev_keep_what_failed = variant(
    "A buffer that could not be written stays uptodate, so that nobody reads the block again over what is in memory.",
    drop(clear_buffer_uptodate, inside=end_buffer_async_write), of=blkdev, scenario=blkdev_metadata_errors,
)  # fmt: skip


@kernel("fs/jbd2/transaction.c")
def jbd2_journal_forget_and_wait(jh: JournalHead, bh: BufferHead):
    """Who clears BH_Dirty of a block that is freed waits for I/O that has begun before."""
    if jh.b_cp_transaction:
        if not jbd2_journal_try_remove_checkpoint(jh, bh):
            test_clear_buffer_dirty(bh)
            wait_on_buffer(bh)
            __jbd2_journal_file_buffer(jh)
    put_bh(bh)


jbd2_forget_waits = variant(
    "jbd2_journal_forget() waits until no I/O of the block is under way.",
    override(jbd2_journal_forget, by=jbd2_journal_forget_and_wait), of=blkdev, scenario=blkdev_journal_frees,
)  # fmt: skip

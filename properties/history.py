"""What must hold of the small models of model/history/."""

from __future__ import annotations

from checker.lang import each, implies, invariant, is_locked, leads_to, reachable, terminal

from model.history.small_models.afs_dirty_range_set_before_copy import AfsPage, afs_dirty_range
from model.history.small_models.completion_walk_uses_released_folio import BioPage, bio_walk
from model.history.small_models.invalidate_vs_fault_refcount import SharedPage, invalidation
from model.history.small_models.iomap_uptodate_bitmap_race import READ_BLOCKS, FolioRead, reading
from model.history.small_models.netfs_zero_point_after_writeback import NETFS_DATA, NETFS_NOTHING, NetfsFolio
from model.history.small_models.netfs_zero_point_after_writeback import zero_point_tracker
from model.history.small_models.nfs_release_folio_waits import Memory, memory_reclaim
from model.history.small_models.plug_and_skipped_pages import Queue, plugging
from model.history.small_models.set_dirty_vs_truncate_accounting import CountedPage, dirty_accounting
from model.history.small_models.xarray_marks_on_siblings import SLOTS, Slot, xarray_split
from model.history.small_models.xfs_insert_range_boundary import FIRST, NOTHING, SECOND, fork, insert_range


@invariant(of=reading)
def a_folio_that_was_read_is_uptodate(folio: FolioRead):
    """When the read of a folio has ended and all its blocks are valid, the folio is uptodate."""
    return implies(
        not folio.locked and all(folio.ifs_uptodate[b] for b in range(0, READ_BLOCKS)), folio.uptodate
    )


@terminal(of=bio_walk)
def no_folio_is_left_under_writeback():
    """When a bio has completed, no folio of it is under writeback."""
    return not any(page.writeback for page in each(BioPage))


@terminal(of=dirty_accounting)
def dirty_pages_are_counted():
    """NR_FILE_DIRTY is the number of dirty pages in the page cache."""
    return all(page.nr_file_dirty == (1 if page.dirty and page.mapping else 0) for page in each(CountedPage))


@terminal(of=xarray_split)
def both_halves_are_marked():
    """When a marked entry has been split, the entries that it was split into are marked."""
    return Slot[0].mark and Slot[SLOTS // 2].mark


@leads_to(of=plugging, fair=("flusher", "fsync"))
def plugs_are_flushed(queue: Queue):
    """A request that waits on a plug is dispatched some day."""
    return queue.plugged, not queue.plugged


@invariant(of=invalidation)
def a_mapped_page_is_cached(page: SharedPage):
    """A page that is mapped is in the page cache."""
    return implies(page.mapped, page.cached)


@terminal(of=insert_range)
def data_stays_at_its_offset():
    """After a block was inserted, each block of the file holds what was written there, and ILOCK is free."""
    return not is_locked(fork.lock) and fork.holds[0] == FIRST and fork.holds[1] == NOTHING and fork.holds[2] == SECOND


@terminal(of=memory_reclaim)
def the_folio_is_written():
    """When nothing moves any more, the folio has been written."""
    return all(memory.written for memory in each(Memory))


@invariant(of=zero_point_tracker)
def streamed_data_is_kept(folio: NetfsFolio):
    """What was written first is in the page cache or on the server, and not covered by zeros."""
    return implies(
        not is_locked(folio.locked),
        folio.cached[0] == NETFS_DATA or (folio.cached[0] == NETFS_NOTHING and folio.on_server[0] == NETFS_DATA),
    )


@invariant(of=afs_dirty_range)
def only_what_was_written_is_sent(page: AfsPage):
    """The server is sent no byte that nobody has written."""
    return not page.garbage_sent


@invariant(of=afs_dirty_range)
def what_was_written_is_dirty_or_sent(page: AfsPage):
    """What has been copied into a page that is not locked is dirty, or the server has it."""
    return implies(page.valid > 0 and not is_locked(page.locked), page.dirty > 0 or page.sent)


@reachable(of=afs_dirty_range)
def written_bytes_are_sent(page: AfsPage):
    """The server has been sent two bytes that were written."""
    return page.sent and page.valid == 2 and page.dirty == 0


@leads_to(of=bio_walk, fair=("irq",))
def the_walk_ends(page: BioPage):
    """The completion of a bio comes to each of its folios."""
    return page.writeback, not page.writeback


@reachable(of=invalidation)
def a_page_is_mapped(page: SharedPage):
    """The fault has mapped the page."""
    return page.mapped


@reachable(of=invalidation)
def a_page_is_invalidated(page: SharedPage):
    """The page has been removed."""
    return not page.cached


@terminal(of=reading)
def a_read_ends():
    """When nothing moves any more, the folio is unlocked and uptodate, and nothing is counted."""
    return all(not f.locked and f.uptodate and f.read_bytes_pending == 0 for f in each(FolioRead))


@terminal(of=zero_point_tracker)
def both_pieces_are_written():
    """When nothing moves any more, the folio is unlocked; the server has the first piece, and it or the cache the second."""
    return all(
        not is_locked(f.locked)
        and f.i_size == 2
        and f.on_server[0] == NETFS_DATA
        and (f.cached[1] == NETFS_DATA or f.on_server[1] == NETFS_DATA)
        for f in each(NetfsFolio)
    )


@terminal(of=memory_reclaim)
def memory_is_accounted():
    """When nothing moves any more, the page that reclaim has freed is in use for the call."""
    return all(not memory.free for memory in each(Memory))


@invariant(of=plugging)
def a_request_owns_its_tag(queue: Queue):
    """As long as a request waits on a plug, nobody else can have its tag."""
    return implies(queue.plugged, not queue.tag_free)


@reachable(of=plugging)
def a_request_waits_on_the_plug(queue: Queue):
    """A request waits on the plug while fsync holds the buffer."""
    return queue.plugged and is_locked(queue.buffer)


@terminal(of=plugging)
def the_queue_is_idle():
    """When nothing moves any more, the tag and the buffer are free, and nothing is on a plug."""
    return all(q.tag_free and not q.plugged and not is_locked(q.buffer) for q in each(Queue))


@reachable(of=dirty_accounting)
def a_dirty_page_is_counted(page: CountedPage):
    """A page is dirty and counted."""
    return page.dirty and page.nr_file_dirty == 1


@terminal(of=dirty_accounting)
def the_page_is_gone():
    """When nothing moves any more, truncate has removed the page, and it is unlocked."""
    return all(not page.mapping and not is_locked(page.locked) for page in each(CountedPage))


@reachable(of=insert_range)
def two_blocks_become_one_extent():
    """What copy-on-write has put at block 0 is one extent with block 1."""
    return fork.merged

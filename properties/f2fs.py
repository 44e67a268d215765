"""f2fs: its bios, its counters, its clusters, and what a checkpoint or an fsync leaves."""

from __future__ import annotations

from checker.lang import after_crash, each, implies, invariant, is_locked, leads_to, number, reachable, terminal

from model.include.f2fs import CDATA_ADDR, COMPRESS_ADDR, DATA_ADDR, F2FS_CLUSTER_SIZE, F2FS_META_GC, IN_CACHED_BIO
from model.include.f2fs import NEW_ADDR, NO_IO, NULL_ADDR, SUBMITTED, Page, sbi
from model.include.state import BLOCKS, CELLS, DATA, ERRORS, FOLIO_SIZE, HOLE, NEW, OLD, PAGES, PAGE_SIZE, ZERO, Cell
from model.include.state import Folio
from model.include.state import Inode, inode, mapping
from model.systems.f2fs.scenarios import f2fs
from properties.witnesses import fsync_returns_an_error

# -------------------------------------------------------------------- witnesses


@reachable(of=f2fs, bound=2)
def f2fs_io_is_cached(page: Page):
    """A page is in a bio that nobody has submitted."""
    return page.io == IN_CACHED_BIO


@reachable(of=f2fs, bound=3)
def f2fs_fsync_meets_cached_io(page: Page):
    """A page is in a bio that nobody has submitted, and an fsync is on its way."""
    return page.io == IN_CACHED_BIO and sbi.wb_sync_req > 0


@reachable(of=f2fs, bound=2)
def f2fs_checkpoint_waits_for_a_pass(folio: Folio):
    """A checkpoint waits for cp_rwsem while a folio is locked."""
    return sbi.cp_wanted and is_locked(folio.locked)


@reachable(of=f2fs, bound=3)
def f2fs_node_image_is_old(page: Page):
    """A page has a block that recovery would not find, and recovery would find another one."""
    return page.moved and page.addr == DATA_ADDR


@reachable(of=f2fs, bound=2)
def f2fs_something_is_promised(cell: Cell):
    """An fsync has returned 0."""
    return cell.promised and cell.logical == DATA


@reachable(of=f2fs, bound=2)
def f2fs_a_cluster_is_written(page: Page):
    """A compressed cluster, or a page of a compressed file, is on its way to a new address."""
    return page.moved and page.io != NO_IO


@reachable(of=f2fs, bound=2)
def f2fs_something_is_cut(cell: Cell):
    """A byte inside the file belongs to a page with a block, and nobody has written it since it was cut."""
    return cell.logical == HOLE and number(cell) < inode.i_size and Page[number(cell) // PAGE_SIZE].addr == DATA_ADDR


@reachable(of=f2fs, bound=2)
def f2fs_a_cluster_is_cut(page: Page):
    """A page of a compressed cluster lies behind EOF, and the cluster is still compressed."""
    header = Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE]
    return number(page) * PAGE_SIZE >= inode.i_size and header.addr == COMPRESS_ADDR


# ------------------------------------------------------------------- invariants


@invariant(of=f2fs)
def f2fs_data_is_inside_the_file(cell: Cell):
    """When neither a write nor a truncate is under way, i_size covers all that has been written."""
    return implies(cell.logical == DATA and not is_locked(inode.i_rwsem), number(cell) < inode.i_size)


@invariant(of=f2fs)
def f2fs_blocks_end_at_eof(page: Page):
    """When neither a write nor a truncate is under way, no page behind EOF has a block, or a reservation."""
    behind = number(page) * PAGE_SIZE >= inode.i_size
    return implies(behind and not is_locked(inode.i_rwsem), page.addr == NULL_ADDR)


@invariant(of=f2fs, witness=f2fs_a_cluster_is_cut)
def f2fs_blocks_behind_eof_are_zero(cell: Cell):
    """Behind EOF, when neither a write nor a truncate is under way, no page that is cached or has a block holds data."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    behind = number(cell) >= inode.i_size and not is_locked(inode.i_rwsem)
    return implies(
        behind and folio.mapping and folio.uptodate and not is_locked(folio.locked),
        folio.data[number(cell) % FOLIO_SIZE] not in (NEW, OLD),
    )


@leads_to(of=f2fs, fair=("writer", "truncater", "task", "flusher", "irq"))
def f2fs_system_calls_end(inode: Inode):
    """A write or a truncate comes to its end, if the device and the flusher go on."""
    return is_locked(inode.i_rwsem), not is_locked(inode.i_rwsem)


@invariant(of=f2fs, witness=f2fs_io_is_cached)
def f2fs_writeback_lasts_as_long_as_its_io(page: Page):
    """A folio is under writeback as long as one of its pages is in a bio, cached or submitted."""
    return implies(page.io != NO_IO, Folio[number(page) // PAGES].writeback)


@invariant(of=f2fs, witness=f2fs_io_is_cached)
def f2fs_a_page_is_in_one_bio(page: Page):
    """A page is put into a bio only when it is in none."""
    return not page.twice


@invariant(of=f2fs, witness=f2fs_io_is_cached)
def f2fs_io_carries_its_own_page(page: Page):
    """What is written to the address of a page is the data of that page."""
    return implies(page.io != NO_IO, page.source == number(page) % PAGES)


@invariant(of=f2fs, witness=f2fs_io_is_cached)
def f2fs_io_goes_to_blocks_of_the_file(page: Page):
    """I/O that the device may still carry out goes to a block that the file owns, or has owned since the last node."""
    return implies(page.io in (IN_CACHED_BIO, SUBMITTED), page.addr in (DATA_ADDR, CDATA_ADDR) or page.moved)


@invariant(of=f2fs)
def f2fs_copies_go_to_blocks_of_the_file(page: Page):
    """A block to which garbage collection copies belongs to the file until the copy is there."""
    return implies(page.meta, page.addr in (DATA_ADDR, CDATA_ADDR))


@invariant(of=f2fs)
def f2fs_no_write_is_lost(cell: Cell):
    """The newest data of a byte inside the file is dirty, on its way to the device, or there."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    page = Page[number(cell) // PAGE_SIZE]
    dirty = folio.dirty and (not folio.private or folio.ifs_dirty[number(cell) // CELLS % BLOCKS])
    header = Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE]
    second = Page[number(header) + min(1, F2FS_CLUSTER_SIZE - 1)]
    under_way = page.addr == DATA_ADDR and page.io in (IN_CACHED_BIO, SUBMITTED)
    cached = folio.mapping and folio.data[number(cell) % FOLIO_SIZE] == NEW
    mapped = page.addr == DATA_ADDR or (header.addr == COMPRESS_ADDR and second.addr == CDATA_ADDR)
    written = mapped and page.block[number(cell) % PAGE_SIZE] == NEW
    compressed = header.addr == COMPRESS_ADDR and page.compressed[number(cell) % PAGE_SIZE] == NEW
    copied = page.meta or (second.meta and page.addr != DATA_ADDR)
    recovered = sbi.cp_error and page.image_block[number(cell) % PAGE_SIZE] == NEW
    moves = F2FS_META_GC > 0 and copied and mapped and page.compressed[number(cell) % PAGE_SIZE] == NEW
    return implies(
        cell.logical == DATA and number(cell) < inode.i_size and not is_locked(folio.locked),
        written or moves or recovered or (compressed and folio.writeback) or (cached and (dirty or under_way)),
    )


@invariant(of=f2fs, witness=f2fs_something_is_cut)
def f2fs_what_is_cut_reads_as_zero(cell: Cell):
    """A byte inside the file that nobody has written since it was cut reads as zero, from memory or from the device."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    page = Page[number(cell) // PAGE_SIZE]
    cached = folio.mapping and folio.uptodate
    on_disk = page.addr != DATA_ADDR or page.block[number(cell) % PAGE_SIZE] == ZERO
    zero = folio.data[number(cell) % FOLIO_SIZE] == ZERO if cached else on_disk
    return implies(cell.logical == HOLE and number(cell) < inode.i_size and not is_locked(folio.locked), zero)


@invariant(of=f2fs, witness=f2fs_io_is_cached)
def f2fs_budget_is_charged_once():
    """A pass takes off nr_to_write only pages for which it has just made I/O, and each of them once."""
    return not sbi.miscounted


@invariant(of=f2fs, witness=fsync_returns_an_error)
def f2fs_only_failures_are_recorded():
    """An error is recorded for the file only if something has failed; being in the way of a checkpoint is no error."""
    return implies(mapping.wb_err > 0, mapping.failures_left < ERRORS or sbi.cp_error)


@after_crash(of=f2fs, witness=f2fs_something_is_promised)
def f2fs_fsync_makes_durable(cell: Cell):
    """What an fsync that returned 0 has covered is found by recovery, and so is a size that covers it."""
    page = Page[number(cell) // PAGE_SIZE]
    content = page.image_block[number(cell) % PAGE_SIZE]
    header = Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE]
    second = Page[number(header) + min(1, F2FS_CLUSTER_SIZE - 1)]
    mapped = page.image == DATA_ADDR or (header.image == COMPRESS_ADDR and second.image == CDATA_ADDR)
    data = mapped and content == NEW
    zero = not mapped or content == ZERO
    return implies(cell.promised, number(cell) < sbi.image_size and (data if cell.logical == DATA else zero))


@after_crash(of=f2fs, witness=f2fs_a_cluster_is_written)
def f2fs_clusters_are_whole(page: Page):
    """In what recovery finds, the slots of a cluster are all those of a compressed one, or all those of raw pages."""
    header = Page[number(page) // F2FS_CLUSTER_SIZE * F2FS_CLUSTER_SIZE]
    compressed = page == header or page.image in (CDATA_ADDR, NEW_ADDR)
    raw = page.image in (NULL_ADDR, NEW_ADDR, DATA_ADDR)
    return compressed if header.image == COMPRESS_ADDR else raw


@terminal(of=f2fs)
def f2fs_nothing_is_left_behind():
    """Where nothing can move any more, no lock is held, no folio is under writeback, and no I/O is left."""
    folios = any(is_locked(folio.locked) or folio.writeback for folio in each(Folio))
    locks = is_locked(sbi.cp_rwsem) or is_locked(sbi.writepages) or is_locked(inode.i_rwsem)
    return not folios and not locks and all(page.io == NO_IO and not page.meta for page in each(Page))


@terminal(of=f2fs)
def f2fs_dirty_pages_are_counted():
    """Where nothing can move any more, dirty_pages is the number of dirty folios, and nobody waits for I/O."""
    dirty = sum(1 for folio in each(Folio) if folio.dirty)
    return sbi.dirty_pages == dirty and sbi.wb_data == 0 and sbi.wb_cp_data == 0 and sbi.wb_sync_req == 0

"""Who runs what on a file of f2fs, and in which scope."""

from __future__ import annotations

from checker.lang import baseline, interrupt, override, replace, scenario, thread

from model.fs.f2fs.data import f2fs_invalidate_folio, f2fs_truncate_cleanup_folio, f2fs_write_data_pages
from model.fs.f2fs.segment import f2fs_meta_write_end_io, f2fs_write_end_io
from model.fs.iomap.buffered_io import iomap_invalidate_folio
from model.fs.xfs.xfs_aops import xfs_vm_writepages
from model.include.f2fs import F2FS_CLUSTER_SIZE, F2FS_COMPRESSIBLE, F2FS_FFS, F2FS_IPU, F2FS_META_GC, Page, Sbi
from model.include.f2fs import F2FS_NO_SPACE, F2FS_WHOLE_PAGES
from model.fs.f2fs.primitives import f2fs_note_told_so_far
from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, PAGES, AddressSpace, File, Folio, Inode
from model.mm.filemap import file_write_and_wait_range, note_told
from model.mm.page_writeback import do_writepages
from model.mm.truncate import truncate_cleanup_folio, truncate_inode_partial_folio
from model.systems.f2fs.operations import F2FS_CLUSTERS_ON_DISK, F2FS_CUT, F2FS_ON_DISK, F2FS_SHORT, F2FS_TRUNCATE
from model.systems.f2fs.operations import F2FS_WRITE_A, F2FS_WRITE_B, F2FS_WRITE_LEN
from model.systems.f2fs.operations import f2fs_background, f2fs_checkpoint, f2fs_collect, f2fs_compressed_file
from model.systems.f2fs.operations import f2fs_file_on_disk
from model.systems.f2fs.operations import f2fs_fsync, f2fs_reclaim, f2fs_truncate, f2fs_write

f2fs = baseline(
    "Linux 6.13.1: f2fs, pages.",
    replace(xfs_vm_writepages, by=f2fs_write_data_pages, inside=do_writepages),
    override(truncate_cleanup_folio, by=f2fs_truncate_cleanup_folio),
    replace(note_told, by=f2fs_note_told_so_far, inside=file_write_and_wait_range),
    replace(iomap_invalidate_folio, by=f2fs_invalidate_folio, inside=truncate_inode_partial_folio),
)

F2FS_LOCK_ORDER = (
    Inode.i_rwsem, Sbi.gc_lock, Sbi.i_gc_rwsem, AddressSpace.invalidate_lock, Sbi.writepages, Folio.locked,
)  # fmt: skip

F2FS_SCOPE = {BLOCKS: 1, CELLS: 1}

# What every scenario of f2fs judges.
F2FS_WRITEBACK = (
    "f2fs_writeback_lasts_as_long_as_its_io",
    "f2fs_a_page_is_in_one_bio",
    "f2fs_io_carries_its_own_page",
    "f2fs_io_goes_to_blocks_of_the_file",
    "f2fs_no_write_is_lost",
    "f2fs_only_failures_are_recorded",
    "f2fs_nothing_is_left_behind",
    "f2fs_dirty_pages_are_counted",
)
F2FS_DURABLE = (*F2FS_WRITEBACK, "f2fs_fsync_makes_durable")

f2fs_pages = scenario(
    "Two pages; two writers, truncate, fsync, the flusher and checkpoints.",
    thread("writer", f2fs_write),
    thread("truncater", f2fs_truncate),
    thread("fsync", f2fs_fsync, per=File),
    thread("flusher", f2fs_background),
    thread("checkpoint", f2fs_checkpoint),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope=F2FS_SCOPE,
    bound=3,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=(*F2FS_DURABLE, "f2fs_data_is_inside_the_file", "f2fs_fsync_meets_cached_io",
                "f2fs_checkpoint_waits_for_a_pass", "f2fs_node_image_is_old"),  # fmt: skip
)

f2fs_in_place = scenario(
    "As f2fs_pages, but f2fs writes in place where it can.",
    like=f2fs_pages, without=("checkpoint",), scope={F2FS_ON_DISK: 2, F2FS_IPU: 1}, properties=F2FS_DURABLE
)  # fmt: skip

f2fs_shrinks = scenario(
    "Two pages that one write dirties, and a truncate to one page; fsync and the flusher.",
    like=f2fs_pages, without=("checkpoint",), scope={F2FS_WRITE_B: 0, F2FS_WRITE_LEN: 2},
    properties=(*F2FS_DURABLE, "f2fs_data_is_inside_the_file", "f2fs_blocks_end_at_eof")
)  # fmt: skip

f2fs_cut_in_a_page = scenario(
    "A page that truncate cuts in the middle, and a truncate up; a writer of half a page, fsync, the flusher and checkpoints.",
    like=f2fs_pages, scope={CELLS: 2, FOLIOS: 1, F2FS_CUT: 1, F2FS_SHORT: 1, F2FS_WRITE_B: 0},
    properties=(*F2FS_DURABLE, "f2fs_what_is_cut_reads_as_zero")
)  # fmt: skip

f2fs_gc_moves = scenario(
    "One page that garbage collection moves; a writer, fsync, the flusher and checkpoints.",
    like=f2fs_pages, also=(thread("gc", f2fs_collect),), without=("truncater",), scope={FOLIOS: 1, F2FS_WRITE_B: 0},
    properties=F2FS_DURABLE
)  # fmt: skip

f2fs_encrypted_gc = scenario(
    "One page of an encrypted file, whose block garbage collection moves; a writer, truncate, fsync, the flusher and checkpoints.",
    like=f2fs_pages, also=(thread("gc", f2fs_collect), interrupt("meta_irq", f2fs_meta_write_end_io, per=Page)),
    scope={FOLIOS: 1, F2FS_META_GC: 1, F2FS_WRITE_B: 0, F2FS_TRUNCATE: 0},
    properties=(*F2FS_DURABLE, "f2fs_copies_go_to_blocks_of_the_file")
)  # fmt: skip

f2fs_reclaimed = scenario(
    "Two pages, which kswapd writes or throws away; a writer, fsync and the flusher.",
    thread("writer", f2fs_write), thread("fsync", f2fs_fsync, per=File), thread("flusher", f2fs_background),
    thread("kswapd", f2fs_reclaim), interrupt("irq", f2fs_write_end_io, per=Page), setup=f2fs_file_on_disk,
    scope=F2FS_SCOPE, bound=3, of=f2fs, lock_order=F2FS_LOCK_ORDER, properties=F2FS_DURABLE,
)  # fmt: skip

f2fs_errors = scenario(
    "Two pages, and one failure of the device or of reading a node; two that call fsync.",
    like=f2fs_reclaimed, without=("kswapd",), scope={ERRORS: 1}, properties=(*F2FS_DURABLE, "fsync_reports_errors")
)  # fmt: skip

f2fs_budget = scenario(
    "Two pages, a writer, the flusher with its budget, and checkpoints that are in its way.",
    like=f2fs_pages, without=("truncater", "fsync"), bound=4, properties=(*F2FS_WRITEBACK, "f2fs_budget_is_charged_once")
)  # fmt: skip

f2fs_large_folio = scenario(
    "One folio of two pages, which 6.13.1 never puts into the page cache of f2fs; a writer, fsync and the flusher.",
    like=f2fs_reclaimed, without=("kswapd",), scope={FOLIOS: 1, BLOCKS: 2, PAGES: 2, F2FS_WRITE_LEN: 2, F2FS_FFS: 1}
)  # fmt: skip

f2fs_large_folios = scenario(
    "Two folios of two pages each; a writer, truncate, fsync, the flusher and checkpoints.",
    like=f2fs_pages, scope={BLOCKS: 2, PAGES: 2, F2FS_FFS: 1, F2FS_WRITE_A: 1, F2FS_WRITE_LEN: 2, F2FS_WRITE_B: 3},
    properties=F2FS_DURABLE
)  # fmt: skip

f2fs_large_folio_errors = scenario(
    "As f2fs_large_folio, with one failure of the device or of reading a node.",
    like=f2fs_large_folio, scope={ERRORS: 1}, properties=(*F2FS_DURABLE, "fsync_reports_errors")
)  # fmt: skip

f2fs_large_folio_gc = scenario(
    "As f2fs_large_folio, with garbage collection that moves its first page, and checkpoints.",
    thread("writer", f2fs_write), thread("flusher", f2fs_background), thread("checkpoint", f2fs_checkpoint),
    thread("gc", f2fs_collect), interrupt("irq", f2fs_write_end_io, per=Page), setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, FOLIOS: 1, BLOCKS: 2, PAGES: 2, F2FS_FFS: 1, F2FS_WRITE_LEN: 2}, bound=3, of=f2fs,
    lock_order=F2FS_LOCK_ORDER, properties=F2FS_WRITEBACK,
)  # fmt: skip

F2FS_CLUSTERS = (*F2FS_DURABLE, "f2fs_clusters_are_whole")

f2fs_cluster = scenario(
    "A compressed cluster of two pages; writes of parts of a page, fsync, the flusher and checkpoints.",
    like=f2fs_pages, without=("truncater",), setup=f2fs_compressed_file, scope={F2FS_CLUSTER_SIZE: 2, F2FS_WHOLE_PAGES: 0},
    properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_raw = scenario(
    "A compressed cluster whose new data does not compress: it is written raw; whole pages are written.",
    like=f2fs_pages, without=("truncater",), setup=f2fs_compressed_file, scope={F2FS_CLUSTER_SIZE: 2, F2FS_COMPRESSIBLE: 0},
    properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_cut = scenario(
    "A compressed cluster that truncate cuts in the middle.",
    like=f2fs_pages, without=("checkpoint",), setup=f2fs_compressed_file, scope={F2FS_CLUSTER_SIZE: 2},
    properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_two_clusters = scenario(
    "Two compressed clusters: a pass that has to dirty the second one starts over at the first; writes of whole pages.",
    like=f2fs_pages, without=("fsync", "checkpoint"), setup=f2fs_compressed_file,
    scope={FOLIOS: 4, F2FS_CLUSTER_SIZE: 2, F2FS_CLUSTERS_ON_DISK: 2, F2FS_WRITE_LEN: 3, F2FS_WRITE_B: 0, F2FS_TRUNCATE: 0},
    bound=4, properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_two_raw_clusters = scenario(
    "Two raw clusters; a write begins in the one and ends in the other.",
    like=f2fs_pages, without=("truncater", "checkpoint"),
    scope={FOLIOS: 4, F2FS_CLUSTER_SIZE: 2, F2FS_ON_DISK: 4, F2FS_WRITE_A: 1, F2FS_WRITE_B: 1, F2FS_WRITE_LEN: 2},
    properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_no_space = scenario(
    "A compressed cluster, and one allocation, read of a node or write that fails.",
    like=f2fs_pages, without=("fsync", "checkpoint"), setup=f2fs_compressed_file,
    scope={F2FS_CLUSTER_SIZE: 2, F2FS_WHOLE_PAGES: 0, ERRORS: 1, F2FS_NO_SPACE: 1}, properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_reclaim = scenario(
    "A raw cluster that does not compress, and kswapd, which writes its pages or throws them away.",
    like=f2fs_reclaimed, without=("flusher",),
    scope={F2FS_ON_DISK: 2, F2FS_CLUSTER_SIZE: 2, F2FS_COMPRESSIBLE: 0, F2FS_WRITE_B: 0}, bound=4, properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_gc = scenario(
    "A compressed cluster, any block of which garbage collection moves; a writer, the flusher and checkpoints.",
    thread("writer", f2fs_write), thread("flusher", f2fs_background), thread("checkpoint", f2fs_checkpoint),
    thread("gc", f2fs_collect), interrupt("irq", f2fs_write_end_io, per=Page),
    interrupt("meta_irq", f2fs_meta_write_end_io, per=Page), setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, F2FS_CLUSTER_SIZE: 2, F2FS_META_GC: 1}, bound=3, of=f2fs, lock_order=F2FS_LOCK_ORDER,
    properties=(*F2FS_CLUSTERS, "f2fs_copies_go_to_blocks_of_the_file"),
)  # fmt: skip

f2fs_two_clusters_gc = scenario(
    "As f2fs_two_clusters, with garbage collection that moves their blocks in place of truncate.",
    like=f2fs_cluster_gc, without=("checkpoint",),
    scope={FOLIOS: 4, F2FS_CLUSTERS_ON_DISK: 2, F2FS_WRITE_LEN: 3, F2FS_WRITE_B: 0}, bound=4
)  # fmt: skip

f2fs_folio_of_clusters = scenario(
    "One folio of four pages, which are two clusters, the first of them compressed; 6.13.1 has no such folios.",
    like=f2fs_pages, setup=f2fs_compressed_file,
    scope={FOLIOS: 1, BLOCKS: 4, PAGES: 4, F2FS_FFS: 1, F2FS_CLUSTER_SIZE: 2, F2FS_WRITE_LEN: 2}, properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_of_folios = scenario(
    "A compressed cluster of four pages in two folios of two pages; 6.13.1 has no such folios.",
    like=f2fs_pages, without=("checkpoint",), setup=f2fs_compressed_file,
    scope={FOLIOS: 2, BLOCKS: 2, PAGES: 2, F2FS_FFS: 1, F2FS_CLUSTER_SIZE: 4, F2FS_WRITE_LEN: 2, F2FS_TRUNCATE: 3},
    properties=F2FS_CLUSTERS
)  # fmt: skip

"""Files of f2fs that one task uses alone, and worlds made for one step: a checkpoint between clusters, GC that fails."""

from __future__ import annotations

from checker.lang import interrupt, process, scenario, thread

from model.fs.f2fs.segment import f2fs_meta_write_end_io, f2fs_write_end_io
from model.include.f2fs import F2FS_CLUSTER_SIZE, F2FS_COMPRESSIBLE, F2FS_LOW_SPACE, F2FS_META_GC, F2FS_NO_SPACE
from model.include.f2fs import F2FS_READ_ERRORS, F2FS_UMOUNT, F2FS_WHOLE_PAGES, F2FS_WRITER_SUBMITS, Page, Sbi
from model.include.state import CELLS, ERRORS, FOLIOS, AddressSpace, File, Folio, Inode
from model.systems.f2fs.operations import F2FS_CLUSTERS_ON_DISK, F2FS_ON_DISK, F2FS_SHORT, F2FS_TRUNCATE
from model.systems.f2fs.operations import F2FS_WRITE_B
from model.systems.f2fs.operations import F2FS_WRITE_LEN
from model.systems.f2fs.operations import f2fs_background, f2fs_checkpoint, f2fs_compressed_file
from model.systems.f2fs.operations import f2fs_file_on_disk
from model.systems.f2fs.operations import f2fs_fsync, f2fs_fsync_alone, f2fs_punch, f2fs_truncate, f2fs_write
from model.systems.f2fs.operations import f2fs_collect_and_umount, f2fs_write_and_umount
from model.systems.f2fs.scenarios import F2FS_CLUSTERS, F2FS_DURABLE, F2FS_LOCK_ORDER, F2FS_SCOPE, F2FS_WRITEBACK, f2fs
from model.systems.f2fs.scenarios import f2fs_budget, f2fs_cluster_gc, f2fs_cut_in_a_page, f2fs_gc_moves, f2fs_pages

# A pass that collects garbage has sbi->writepages already; nobody who collects garbage takes that.
F2FS_LOW_SPACE_LOCK_ORDER = (
    Inode.i_rwsem, Sbi.writepages, Sbi.gc_lock, Sbi.i_gc_rwsem, AddressSpace.invalidate_lock, Folio.locked,
)  # fmt: skip

F2FS_IN_TURN = (*F2FS_CLUSTERS, "f2fs_data_is_inside_the_file", "f2fs_blocks_behind_eof_are_zero")

f2fs_cluster_in_turn = scenario(
    "A compressed cluster of two pages: one task writes parts of a page, truncates, calls fsync, is the flusher.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone, f2fs_background),
    interrupt("irq", f2fs_write_end_io, per=Page), setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, F2FS_CLUSTER_SIZE: 2, F2FS_WHOLE_PAGES: 0}, bound=4, of=f2fs, lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_IN_TURN,
)  # fmt: skip

f2fs_raw_in_turn = scenario(
    "A cluster of two raw pages that does not compress: one task writes, truncates, calls fsync, is the flusher.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone, f2fs_background),
    interrupt("irq", f2fs_write_end_io, per=Page), setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, F2FS_ON_DISK: 2, F2FS_CLUSTER_SIZE: 2, F2FS_COMPRESSIBLE: 0}, bound=4, of=f2fs,
    lock_order=F2FS_LOCK_ORDER, properties=(*F2FS_IN_TURN, "f2fs_blocks_end_at_eof"),
)  # fmt: skip

f2fs_cluster_of_four = scenario(
    "A compressed cluster of four pages, of which compression saves two blocks: one task writes, truncates, calls fsync.",
    thread("task", f2fs_write, f2fs_truncate, f2fs_fsync_alone), interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_compressed_file,
    scope={**F2FS_SCOPE, FOLIOS: 4, F2FS_CLUSTER_SIZE: 4, F2FS_WRITE_LEN: 3, F2FS_TRUNCATE: 3}, bound=3, of=f2fs,
    lock_order=F2FS_LOCK_ORDER, properties=F2FS_IN_TURN,
)  # fmt: skip

f2fs_cluster_from_raw = scenario(
    "A raw cluster of four pages that is written as a whole and compresses: one task writes and calls fsync.",
    thread("task", f2fs_write, f2fs_fsync_alone), interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, FOLIOS: 4, F2FS_CLUSTER_SIZE: 4, F2FS_ON_DISK: 4, F2FS_WRITE_LEN: 4, F2FS_WRITE_B: 0}, bound=3,
    of=f2fs, lock_order=F2FS_LOCK_ORDER, properties=F2FS_CLUSTERS,
)  # fmt: skip

f2fs_clusters_and_checkpoints = scenario(
    "Two compressed clusters that one write dirties, a pass over both, and a checkpoint between them.",
    process("writer", f2fs_write), like=f2fs_budget, setup=f2fs_compressed_file,
    scope={FOLIOS: 4, F2FS_CLUSTER_SIZE: 2, F2FS_CLUSTERS_ON_DISK: 2, F2FS_WRITE_LEN: 4, F2FS_WRITE_B: 0}, bound=2,
    properties=F2FS_CLUSTERS
)  # fmt: skip

f2fs_cluster_calls_end = scenario(
    "A compressed cluster of two pages and a write of a part of a page: it comes to its end.",
    like=f2fs_cluster_in_turn, also=(thread("writer", f2fs_write),), without=("task",), bound=2,
    properties=(*F2FS_CLUSTERS, "f2fs_system_calls_end")
)  # fmt: skip

f2fs_no_space = scenario(
    "Two pages, for which there may be no block to allocate; a writer, two that call fsync, the flusher and checkpoints.",
    like=f2fs_pages, without=("truncater",), scope={F2FS_NO_SPACE: 1}, properties=(*F2FS_DURABLE, "fsync_reports_errors")
)  # fmt: skip

f2fs_low_space = scenario(
    "Two pages; a pass that has written one may have to collect garbage before it goes on; a writer and fsync.",
    like=f2fs_pages, without=("truncater", "checkpoint"), scope={F2FS_ON_DISK: 2, F2FS_LOW_SPACE: 1},
    lock_order=F2FS_LOW_SPACE_LOCK_ORDER, properties=F2FS_WRITEBACK
)  # fmt: skip

f2fs_cluster_low_space = scenario(
    "A cluster of two raw pages that does not compress; after it the pass may have to collect garbage, as another task does.",
    like=f2fs_cluster_gc, without=("checkpoint",), setup=f2fs_file_on_disk,
    scope={F2FS_ON_DISK: 2, F2FS_COMPRESSIBLE: 0, F2FS_LOW_SPACE: 1}, lock_order=F2FS_LOW_SPACE_LOCK_ORDER,
    properties=(*F2FS_WRITEBACK, "f2fs_copies_go_to_blocks_of_the_file")
)  # fmt: skip

f2fs_punched = scenario(
    "Two pages, and a hole punched into the first: writeback may find it without a block; a writer, fsync, the flusher, checkpoints.",
    thread("writer", f2fs_write),
    thread("puncher", f2fs_punch),
    thread("fsync", f2fs_fsync, per=File),
    thread("flusher", f2fs_background),
    thread("checkpoint", f2fs_checkpoint),
    interrupt("irq", f2fs_write_end_io, per=Page),
    setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, F2FS_ON_DISK: 2},
    bound=3,
    of=f2fs,
    lock_order=F2FS_LOCK_ORDER,
    properties=(*F2FS_DURABLE, "f2fs_what_is_cut_reads_as_zero"),
)

f2fs_umounts = scenario(
    "One page that is written once, and written back; then the filesystem is unmounted.",
    process("task", f2fs_write_and_umount), interrupt("irq", f2fs_write_end_io, per=Page), setup=f2fs_file_on_disk,
    scope={**F2FS_SCOPE, FOLIOS: 1, F2FS_WRITE_B: 0, F2FS_UMOUNT: 1}, of=f2fs, lock_order=F2FS_LOCK_ORDER,
    properties=F2FS_WRITEBACK,
)  # fmt: skip

f2fs_cluster_umounts = scenario(
    "A compressed cluster that is written once, and written back; then the filesystem is unmounted.",
    like=f2fs_umounts, setup=f2fs_compressed_file, scope={FOLIOS: 2, F2FS_CLUSTER_SIZE: 2}
)  # fmt: skip

f2fs_meta_umounts = scenario(
    "One page of an encrypted file, whose block garbage collection moves; then the filesystem is unmounted.",
    process("task", f2fs_collect_and_umount), interrupt("irq", f2fs_meta_write_end_io, per=Page), like=f2fs_umounts, scope={F2FS_META_GC: 1}
)  # fmt: skip

f2fs_writer_submits = scenario(
    "Two pages; two writers, which submit the cached bio that their page is in, truncate, fsync, the flusher and checkpoints.",
    like=f2fs_pages, scope={F2FS_WRITER_SUBMITS: 1}
)  # fmt: skip

f2fs_cluster_bad_block = scenario(
    "As f2fs_cluster_calls_end, with a flusher and a truncate, and reads that may fail, as often as they like.",
    like=f2fs_cluster_calls_end, also=(thread("truncater", f2fs_truncate), thread("flusher", f2fs_background)),
    scope={F2FS_READ_ERRORS: 1}
)  # fmt: skip

f2fs_cut_bad_block = scenario(
    "A page that truncate cuts in the middle, a truncate up, a writer of half a page and the flusher; reads may fail.",
    like=f2fs_cut_in_a_page, without=("fsync",), scope={F2FS_READ_ERRORS: 1}, bound=4,
    properties=(*F2FS_WRITEBACK, "f2fs_what_is_cut_reads_as_zero")
)  # fmt: skip

f2fs_gc_bad_block = scenario(
    "One page that garbage collection moves, a writer of half a page, the flusher and checkpoints; reads may fail.",
    like=f2fs_gc_moves, without=("fsync",), scope={CELLS: 2, F2FS_SHORT: 1, F2FS_READ_ERRORS: 1}, properties=F2FS_WRITEBACK
)  # fmt: skip

f2fs_gc_errors = scenario(
    "One page that garbage collection moves, and one failure of the device or of reading a node; checkpoints.",
    like=f2fs_gc_moves, without=("fsync",), scope={ERRORS: 1}, properties=F2FS_WRITEBACK
)  # fmt: skip

"""What f2fs adds to the state in model/include/state.py: addresses, cached bios, checkpoints.

A block of f2fs is a page, so a scenario of f2fs has as many blocks as pages in a folio.
The device has no volatile cache here: what it has written is durable, but recovery sees it only
if the node that points to it is durable too.  A write out of place gives a page a new
address; the old one is not reused before the next checkpoint, so what recovery finds there stays.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Ghost, Lock, Range, Record, Ref, RwLock, Struct, constant, enum

from model.include.state import FILE_PAGES, FOLIOS, OPENERS, PAGES, PAGE_SIZE, STALE, Content, Task, loff_t, pgoff_t

# ---------------------------------------------------------------------- scope

F2FS_IPU = constant(0, "1: f2fs writes in place where the page has a block (F2FS_IPU_FORCE)")
F2FS_ONSTACK_PAGES = constant(16, "pages that f2fs_write_cache_pages collects at a time")
F2FS_CLUSTER_SIZE = constant(1, "pages in a cluster; 1: the file is not compressed")
F2FS_COMPRESSIBLE = constant(1, "1: compressing a cluster saves a block")
F2FS_WHOLE_PAGES = constant(1, "0: a write covers a part of a page, and leaves the rest as it was")
F2FS_META_GC = constant(0, "1: the file is compressed, encrypted or verity: blocks move by way of META_MAPPING")
F2FS_NO_SPACE = constant(0, "1: there may be no block to allocate; then checkpoints stop")
F2FS_LOW_SPACE = constant(0, "1: a pass may have to collect garbage before it goes on (f2fs_balance_fs())")
F2FS_WRITER_SUBMITS = constant(0, "1: a writer submits the cached bio that its page is in (f2fs_write_begin())")
F2FS_UMOUNT = constant(0, "1: the filesystem is unmounted, and sbi is freed")
F2FS_READ_ERRORS = constant(0, "1: any read of a page or a cluster may fail, and as often as it likes")
F2FS_FFS = constant(0, "1: large folios have dirty bits and a pending count, as the proposals want them")

page_count_t = Range(0, FILE_PAGES)
dirty_count_t = Range(0, FOLIOS + 2)  # of FOLIOS at most, if rightly counted

# --------------------------------------------------------------- enumerations

# An address in a dnode: hole, reserved, header of a compressed cluster, a block with
# the data of the page, a block with compressed data of the cluster.
BlockT = enum("BlockT", "NULL_ADDR NEW_ADDR COMPRESS_ADDR DATA_ADDR CDATA_ADDR")
NULL_ADDR, NEW_ADDR, COMPRESS_ADDR, DATA_ADDR, CDATA_ADDR = BlockT

# Where the I/O of a page is: nowhere, in a bio that f2fs keeps to merge more into it, with the
# device, carried out and not completed yet.
PageIo = enum("PageIo", "NO_IO IN_CACHED_BIO SUBMITTED CARRIED_OUT")
NO_IO, IN_CACHED_BIO, SUBMITTED, CARRIED_OUT = PageIo

# What f2fs_prepare_compress_overwrite() says: the cluster is not compressed; its pages are locked; an error.
Prepared = enum("Prepared", "NOT_COMPRESSED PREPARED CANNOT_READ")
NOT_COMPRESSED, PREPARED, CANNOT_READ = Prepared

NeedLock = enum("NeedLock", "LOCK_REQ LOCK_DONE LOCK_RETRY")
LOCK_REQ, LOCK_DONE, LOCK_RETRY = NeedLock

# -------------------------------------------------------------------- structs


class Sbi(Struct):
    """struct f2fs_sb_info, and the counters of struct f2fs_inode_info (there is one file)."""

    cp_rwsem = RwLock("cp_rwsem")
    cp_wanted = Flag("checkpoint waits for cp_rwsem")
    gc_lock = Lock("gc_lock")
    writepages = Lock("writepages")
    i_gc_rwsem = Lock("i_gc_rwsem")
    wb_sync_req = Field(Range(0, OPENERS), "wb_sync_req")
    dirty_pages = Field(dirty_count_t, "dirty_pages")
    wb_data = Field(page_count_t, "F2FS_WB_DATA")
    wb_cp_data = Field(page_count_t, "F2FS_WB_CP_DATA")
    image_size = Field(loff_t, "i_size in the node image")
    cp_error = Flag("CP_ERROR_FLAG")
    node_inode_is_gone = Flag("node_inode is NULL")
    freed = Flag("kfree(sbi)")
    miscounted = Ghost(Flag("budget miscounted"))  # a pass took off nr_to_write what it did not write


class Page(Struct, count=FILE_PAGES):
    """A page of the file: its slot in the dnode, the slot in the node that recovery finds, its I/O."""

    addr = Field(BlockT, "address", init=NULL_ADDR)
    image = Field(BlockT, "address in the node image", init=NULL_ADDR)
    moved = Flag("the image has another block")
    block = Array(Field(Content, "block", init=STALE), PAGE_SIZE)  # what the address holds
    image_block = Array(Field(Content, "block in the image", init=STALE), PAGE_SIZE)
    io = Field(PageIo, "I/O", init=NO_IO)
    source = Field(Range(0, PAGES - 1), "data of page")  # which page of its folio the I/O takes the data from
    bio = Ref(Task, "in-place bio of")  # the pass that keeps it; None: the bio is in sbi->write_io
    compressed = Array(Field(Content, "in the compressed cluster, or in META_MAPPING", init=STALE), PAGE_SIZE)
    meta = Flag("a copy of its block in META_MAPPING is under I/O")
    gcing = Flag("PAGE_PRIVATE_ONGOING_MIGRATION")  # of the folio that begins here
    victim = Flag("its block is in the section that garbage collection empties")
    twice = Ghost(Flag("in two bios"))


sbi = Sbi[0]


# -------------------------------------------------------------------- records


class CachePages(Record):
    """The locals of f2fs_write_cache_pages; pages[i]: page i is in the array, and not looked at yet."""

    pages = Array(Flag(), FILE_PAGES)
    end = Field(pgoff_t)
    done_index = Field(pgoff_t)
    done = Flag()
    retry = Flag()
    submitted = Field(page_count_t)
    nwritten = Flag()  # anything at all
